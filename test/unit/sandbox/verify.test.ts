// Every construct that a rule module may not have is refused before instantiation, with its code and its place.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { check, ruleModule, ruleModuleBytes } from '../../support/sandbox/wasm-builder.ts';
import { type Row, refusal, refusesEach } from './refusal.ts';

const v128 = '(v128.const i32x4 0 0 0 0)';

describe('sandbox: the module that the others are variations of', () => {
  it('passes', () => {
    const proof = verifyModule(ruleModule());
    assert.equal(proof.functions, 2);
    assert.deepEqual(proof.stack, { depth: 1, locals: 3 });
  });
  it('passes with all that a reader needs', () => {
    const proof = verifyModule(
      ruleModule({
        fuel: '(global $fuel (mut i32) (i32.const 0)) (global i64 (i64.const 7)) (global v128 (v128.const i32x4 1 2 3 4))',
        evaluate: `
          (loop $next ${check()}
            (drop (i32.load8_u (local.get $from))) (drop (v128.load (local.get $from)))
            (drop (i64.atomic.load (local.get $from))) (drop (memory.size)) (atomic.fence)
            (block $a (block $b (br_table $a $b (local.get $to))))
            (drop (i32.trunc_sat_f32_s (f32.const 1)))
            (call $match (i32.const 0) (local.get $from))
            (br_if $next (call $inner (local.get $to))))`,
        more: `(func $inner (param i32) (result i32) ${check()} (i32.sub (local.get 0) (i32.const 1)))`,
      }),
    );
    assert.equal(proof.loops, 1);
    assert.equal(proof.stack.depth, 2);
  });
});

describe('sandbox: a module none of whose rules can match', () => {
  it('need not import env.match', () => {
    assert.deepEqual(
      verifyModule(ruleModule({ match: '', evaluate: '(call $f)', more: `(func $f ${check()})` })).stack,
      {
        depth: 2,
        locals: 3,
      },
    );
    const error = refusal(ruleModule({ match: '', more: '(func $f)' }));
    assert.equal(error.functionIndex, 2);
  });
});

describe('sandbox refuses to write memory', () => {
  refusesEach([
    ['i32.store', { evaluate: '(i32.store (i32.const 0) (i32.const 1))' }, 'store', /i32\.store: writes/],
    ['i64.store32', { evaluate: '(i64.store32 (i32.const 0) (i64.const 1))' }, 'store', /i64\.store32/],
    ['f64.store', { evaluate: '(f64.store (i32.const 0) (f64.const 1))' }, 'store', /f64\.store/],
    ['v128.store', { evaluate: `(v128.store (i32.const 0) ${v128})` }, 'store', /v128\.store/],
    ['v128.store16_lane', { evaluate: `(v128.store16_lane 3 (i32.const 0) ${v128})` }, 'store', /store16_lane/],
    [
      'a store in a function that nothing calls',
      { more: `(func ${check()} (i32.store (i32.const 0) (i32.const 1)))` },
      'store',
      /i32\.store/,
    ],
    ['memory.fill', { evaluate: '(memory.fill (i32.const 0) (i32.const 0) (i32.const 1))' }, 'bulk-memory', /fill/],
    ['memory.copy', { evaluate: '(memory.copy (i32.const 0) (i32.const 0) (i32.const 1))' }, 'bulk-memory', /copy/],
    [
      'atomic read-modify-write',
      { evaluate: '(drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))' },
      'atomic-write',
      /rmw\.add/,
    ],
    [
      'atomic compare-and-exchange',
      { evaluate: '(drop (i64.atomic.rmw8.cmpxchg_u (i32.const 0) (i64.const 1) (i64.const 1)))' },
      'atomic-write',
      /cmpxchg/,
    ],
    ['atomic store', { evaluate: '(i32.atomic.store (i32.const 0) (i32.const 1))' }, 'atomic-write', /atomic\.store/],
    ['memory.grow', { evaluate: '(drop (memory.grow (i32.const 1)))' }, 'memory-grow', /may not grow/],
    ['a passive data segment', { more: '(data "x")' }, 'forbidden-section', /data/],
  ]);
  it('a store that is never reached', () => {
    assert.equal(refusal(ruleModuleBytes([0x0f, 0x41, 0, 0x41, 0, 0x36, 2, 0])).code, 'store');
  });
  it('an active data segment', () => {
    const error = refusal(ruleModuleBytes([], [[11, 7, 1, 0, 0x41, 0, 0x0b, 1, 0x78]]));
    assert.equal(error.code, 'forbidden-section');
    assert.match(error.reason, /^data section/);
  });
  it('memory.init and data.drop, even without a data segment', () => {
    assert.equal(refusal(ruleModuleBytes([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0])).code, 'bulk-memory');
    assert.equal(refusal(ruleModuleBytes([0xfc, 9, 0])).code, 'bulk-memory');
  });
});

describe('sandbox refuses to block or wake threads', () => {
  refusesEach([
    [
      'memory.atomic.wait32',
      { evaluate: '(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))' },
      'atomic-wait',
      /wait32/,
    ],
    [
      'memory.atomic.notify',
      { evaluate: '(drop (memory.atomic.notify (i32.const 0) (i32.const 1)))' },
      'atomic-wait',
      /notify/,
    ],
  ]);
});

describe('sandbox refuses to call out', () => {
  refusesEach([
    [
      'another import',
      { more: '', match: '(import "env" "match" (func $match (param i32 i32))) (import "env" "abort" (func))' },
      'forbidden-import',
      /imports "env\.abort"/,
    ],
    [
      'an import from elsewhere',
      { match: '(import "wasi" "match" (func $match (param i32 i32)))' },
      'forbidden-import',
      /"wasi\.match"/,
    ],
    [
      'match imported twice',
      { match: '(import "env" "match" (func $match (param i32 i32))) (import "env" "match" (func (param i32 i32)))' },
      'forbidden-import',
      /env\.match/,
    ],
    [
      'match of another type',
      { match: '(import "env" "match" (func $match (param i32 i64)))' },
      'wrong-type',
      /env\.match has the type \(i32, i64\) -> \(\), not \(i32, i32\) -> \(\)/,
    ],
    ['no memory', { memory: '' }, 'missing-import', /env\.memory/],
    [
      'a memory that is not shared',
      { memory: '(import "env" "memory" (memory 1 65536))' },
      'wrong-type',
      /not a shared memory/,
    ],
    [
      'a memory of 64 bits',
      { memory: '(import "env" "memory" (memory i64 1 65536 shared))' },
      'wrong-type',
      /flags 0x7/,
    ],
    ['memory as a function', { memory: '(import "env" "memory" (func))' }, 'wrong-type', /not a memory/],
    [
      'an imported global',
      { memory: '(import "env" "memory" (memory 1 65536 shared)) (import "env" "g" (global i32))' },
      'forbidden-import',
      /imports "env\.g"/,
    ],
    ...[
      '(import "env" "candidates" (global (mut i32)))',
      '(import "env" "candidates" (global i64))',
      '(import "env" "candidates" (func (param i32) (result i32)))',
      '(import "env" "ancestry" (global (mut i32)))',
      '(import "env" "ancestry" (func (param i32) (result i32)))',
      '(import "env" "values" (global (mut i32)))',
      '(import "env" "values" (global i64))',
    ].map(
      (place): Row => [
        `the place of a module's words as ${place}`,
        { memory: `(import "env" "memory" (memory 1 65536 shared)) ${place}` },
        'wrong-type',
        /env\.(candidates|ancestry|values) is not a constant of type i32/,
      ],
    ),
    [
      'an imported table',
      { memory: '(import "env" "memory" (memory 1 65536 shared)) (import "env" "t" (table 1 funcref))' },
      'forbidden-import',
      /table/,
    ],
    [
      'an imported tag',
      { memory: '(import "env" "memory" (memory 1 65536 shared)) (import "env" "e" (tag))' },
      'forbidden-import',
      /tag/,
    ],
    [
      'a memory of its own',
      { memory: '(import "env" "memory" (memory 1 65536 shared))', more: '(memory 1 1)' },
      'forbidden-section',
      /memory section/,
    ],
    ['a start function', { more: `(func $s ${check()}) (start $s)` }, 'forbidden-section', /start section/],
    ['a table', { more: '(table 1 funcref)' }, 'forbidden-section', /table section/],
    ['a tag', { more: '(tag (param i32))' }, 'forbidden-section', /tag section/],
    ['a tail call', { evaluate: '(return_call $evaluate (local.get 0) (local.get 1))' }, 'tail-call', /return_call/],
    ['a reference', { evaluate: '(drop (ref.is_null (ref.null func)))' }, 'reference', /ref\.null/],
    [
      'a function reference',
      { candidates: `(func $candidates (param i32 i32) (result i64) (local funcref) ${check()} (i64.const 0))` },
      'forbidden-type',
      /value type 0x70/,
    ],
    [
      'a structure type',
      { more: '(type $s (struct (field i32))) (func (param (ref null $s)))' },
      'forbidden-type',
      /not a function type/,
    ],
    ['an exception', { evaluate: '(try_table (nop))' }, 'exception', /try_table/],
  ]);
  it('call_indirect, call_ref and their tail calls, even without a table', () => {
    for (const code of [
      [0x11, 0, 0],
      [0x13, 0, 0],
      [0x14, 0],
      [0x15, 0],
    ]) {
      assert.equal(refusal(ruleModuleBytes([0x41, 0, ...code])).code, 'indirect-call');
    }
  });
  it('table instructions, even without a table', () => {
    for (const code of [
      [0x25, 0],
      [0x26, 0],
      [0xfc, 12, 0, 0],
      [0xfc, 13, 0],
      [0xfc, 14, 0, 0],
      [0xfc, 15, 0],
      [0xfc, 16, 0],
      [0xfc, 17, 0],
    ]) {
      assert.equal(refusal(ruleModuleBytes(code)).code, 'table');
    }
  });
  it('instructions on garbage-collected types', () => {
    assert.equal(refusal(ruleModuleBytes([0xfb, 0, 0])).code, 'gc');
  });
});

describe('sandbox: the place of a refusal', () => {
  it('names the offset and the function of the instruction', () => {
    const bytes = ruleModuleBytes([0x01, 0x41, 0, 0x41, 0, 0x36, 2, 0]);
    const error = refusal(bytes);
    assert.equal(error.functionIndex, 1);
    assert.equal(bytes[error.offset ?? 0], 0x36);
    assert.equal(
      error.message,
      `rule module refused (store) at function 1, offset 0x${error.offset?.toString(16)}: i32.store: writes to memory; a rule module may only read`,
    );
  });
  it('is found in every function', () => {
    const store = '(i32.store (i32.const 0) (i32.const 0))';
    const candidates = `(func $candidates (param i32 i32) (result i64) ${check()} ${store} (i64.const 0))`;
    assert.equal(refusal(ruleModule({ candidates })).functionIndex, 2);
  });
});
