// Every construct that a rule module may not have is refused before instantiation, with its code and its place.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SandboxCode, SandboxError } from '../../host/sandbox/error.ts';
import { MAX_CALL_DEPTH, MAX_LOCALS, MAX_NESTING } from '../../host/sandbox/limits.ts';
import { verifyModule } from '../../host/sandbox/verify.ts';
import { check, ruleModule, ruleModuleBytes, ruleModuleText, type TextParts } from './wasm-builder.ts';

function refusal(bytes: Uint8Array): SandboxError {
  try {
    verifyModule(bytes);
  } catch (error) {
    if (error instanceof SandboxError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'the module was not refused' });
}

/** One row of the tables below: what it is, the spoilt part, the code, and a piece of the reason. */
type Row = readonly [what: string, parts: TextParts, code: SandboxCode, reason: RegExp];

function refusesEach(rows: readonly Row[]): void {
  for (const [what, parts, code, reason] of rows) {
    it(what, () => {
      const error = refusal(ruleModule(parts));
      assert.equal(error.code, code, error.message);
      assert.match(error.reason, reason);
      assert.match(error.message, new RegExp(`^rule module refused \\(${code}\\)`));
    });
  }
}

const v128 = '(v128.const i32x4 0 0 0 0)';

describe('sandbox: the module that the others are variations of', () => {
  it('passes', () => {
    const proof = verifyModule(ruleModule());
    assert.equal(proof.functions, 2);
    assert.deepEqual(proof.stack, { depth: 1, locals: 2 });
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
        locals: 2,
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
      /global/,
    ],
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

describe('sandbox: exports', () => {
  const three =
    '(export "evaluate" (func $evaluate)) (export "candidates" (func $candidates)) (export "fuel" (global $fuel))';
  refusesEach([
    ['the memory', { exports: `${three} (export "memory" (memory $memory))` }, 'forbidden-export', /exports "memory"/],
    [
      'a name for a terminal',
      { exports: `${three} (export "\\1b[2J" (func $evaluate))` },
      'forbidden-export',
      /exports "\\u\{1b\}\[2J"/,
    ],
    [
      'no evaluate',
      { exports: three.replace('"evaluate"', '"fuel2"').replace('(export "fuel2" (func $evaluate))', '') },
      'missing-export',
      /evaluate/,
    ],
    ['no fuel', { exports: three.replace('(export "fuel" (global $fuel))', '') }, 'missing-export', /fuel/],
    [
      'evaluate of another type',
      { exports: three.replace('(func $evaluate)', '(func $candidates)') },
      'wrong-type',
      /evaluate has the type \(i32, i32\) -> i64/,
    ],
    [
      'evaluate that is the import',
      { exports: three.replace('(func $evaluate)', '(func $match)') },
      'wrong-type',
      /no code of its own/,
    ],
    [
      'candidates that is a global',
      {
        exports:
          '(export "evaluate" (func $evaluate)) (export "candidates" (global $fuel)) (export "fuel" (global $fuel))',
      },
      'wrong-type',
      /candidates is not a function/,
    ],
    [
      'fuel that is constant',
      {
        fuel: '(global $fuel (mut i32) (i32.const 0)) (global $c i32 (i32.const 9))',
        exports: three.replace('(global $fuel)', '(global $c)'),
      },
      'wrong-type',
      /fuel is not a mutable/,
    ],
    [
      'fuel of 64 bits',
      {
        fuel: '(global $fuel (mut i32) (i32.const 0)) (global $c (mut i64) (i64.const 9))',
        exports: three.replace('(global $fuel)', '(global $c)'),
      },
      'wrong-type',
      /fuel is not a mutable/,
    ],
  ]);
});

describe('sandbox: state and fuel', () => {
  refusesEach([
    ['another mutable global', { more: '(global (mut i64) (i64.const 0))' }, 'mutable-global', /global 1 is mutable/],
    [
      'setting the fuel',
      { evaluate: '(global.set $fuel (i32.const 2147483647))' },
      'global-set',
      /by a fuel check only/,
    ],
    [
      'a global computed at the start',
      { more: '(global i32 (i32.add (i32.const 1) (i32.const 2)))' },
      'global-init',
      /one constant/,
    ],
    ['a function without a check', { more: '(func (nop))' }, 'fuel-missing', /nop stands in its place/],
    ['a loop without a check', { evaluate: '(loop $l (br $l))' }, 'fuel-missing', /br stands in its place/],
    ['a check that comes late', { evaluate: `(loop $l (nop) ${check()} (br $l))` }, 'fuel-missing', /nop/],
    ['a check that charges nothing', { evaluate: `(loop $l ${check(0)} (br $l))` }, 'fuel-missing', /charges 0/],
    ['a check that gives fuel', { evaluate: `(loop $l ${check(-5)} (br $l))` }, 'fuel-missing', /charges -5/],
    [
      'a check that adds',
      { evaluate: `(loop $l ${check().replace('i32.sub', 'i32.add')} (br $l))` },
      'fuel-missing',
      /i32\.add/,
    ],
    [
      'a check that compares otherwise',
      { evaluate: `(loop $l ${check().replace('i32.lt_s', 'i32.gt_s')} (br $l))` },
      'fuel-missing',
      /i32\.gt_s/,
    ],
    [
      'a check with another bound',
      { evaluate: `(loop $l ${check().replace('(i32.const 0)', '(i32.const -9)')} (br $l))` },
      'fuel-missing',
      /operand -9/,
    ],
    [
      'a check that returns instead of trapping',
      { evaluate: `(loop $l ${check().replace('(unreachable)', '(return)')} (br $l))` },
      'fuel-missing',
      /return/,
    ],
    [
      'a check on a local copy',
      {
        locals: '(local $copy i32)',
        evaluate: `(loop $l ${check().replaceAll('global', 'local').replaceAll('$fuel', '$copy')} (br $l))`,
      },
      'fuel-missing',
      /local\.get/,
    ],
    [
      'a check that charges too little',
      { evaluate: `(loop $l ${check(20)} ${'(drop (i32.load (i32.const 0)))'.repeat(10)} (br $l))` },
      'fuel-too-small',
      /charges 20, but the code behind it can cost 105/,
    ],
  ]);
  it('a check whose if has a result type', () => {
    // The check up to the comparison, then `if (result i32)`.
    const prefix = [0x03, 0x40, 0x23, 0, 0x41, 63, 0x6b, 0x24, 0, 0x23, 0, 0x41, 0, 0x48];
    assert.equal(refusal(ruleModuleBytes([...prefix, 0x04, 0x7f, 0x00, 0x0b, 0x1a, 0x0b])).code, 'fuel-missing');
  });
  it('charges the longest path, not all paths', () => {
    const arm = (count: number): string => '(drop (i32.const 1))'.repeat(count);
    // 2 for the condition and the if, 2 * 30 for the longer arm, 4 for the check.
    const text = (charge: number): TextParts => ({
      evaluate: `(loop ${check(charge)} (if (local.get $from) (then ${arm(30)}) (else ${arm(20)})))`,
    });
    assert.equal(verifyModule(ruleModule(text(66))).largestCharge, 1000);
    assert.equal(refusal(ruleModule(text(65))).code, 'fuel-too-small');
  });
});

describe('sandbox: recursion and the stack', () => {
  refusesEach([
    ['a function that calls itself', { more: `(func $f ${check()} (call $f))` }, 'recursion', /through 3 -> 3/],
    [
      'functions that call each other',
      { more: `(func $f ${check()} (call $g)) (func $g ${check()} (call $f))` },
      'recursion',
      /through 3 -> 4 -> 3/,
    ],
    [
      'recursion through evaluate',
      { evaluate: '(call $f)', more: `(func $f ${check()} (call $evaluate (i32.const 0) (i32.const 0)))` },
      'recursion',
      /1 -> 3 -> 1/,
    ],
  ]);
  const chain = (length: number, locals = ''): string[] =>
    Array.from({ length }, (_, i) => `(func $c${i} ${locals} ${check()} ${i + 1 < length ? `(call $c${i + 1})` : ''})`);
  it('calls nested too deep', () => {
    assert.equal(verifyModule(ruleModule({ more: chain(MAX_CALL_DEPTH).join(' ') })).stack.depth, MAX_CALL_DEPTH);
    assert.equal(refusal(ruleModule({ more: chain(MAX_CALL_DEPTH + 1).join(' ') })).code, 'call-depth');
  });
  it('calls nested too deep, callees first', () => {
    const reversed = chain(MAX_CALL_DEPTH + 1)
      .reverse()
      .join(' ');
    assert.equal(refusal(ruleModule({ more: reversed })).code, 'call-depth');
  });
  it('too many locals in a function, and on a call path', () => {
    assert.equal(refusal(ruleModule({ locals: `(local ${'i64 '.repeat(MAX_LOCALS + 1)})` })).code, 'limit');
    const error = refusal(ruleModule({ more: chain(5, `(local ${'v128 '.repeat(MAX_LOCALS)})`).join(' ') }));
    assert.equal(error.code, 'limit');
    assert.match(error.reason, /20480 locals on one call path/);
  });
  it('blocks nested too deep', () => {
    const nested = (depth: number): number[] => [...Array(depth).fill([0x02, 0x40]).flat(), ...Array(depth).fill(0x0b)];
    verifyModule(ruleModuleBytes(nested(MAX_NESTING - 1)));
    assert.equal(refusal(ruleModuleBytes(nested(MAX_NESTING + 1))).code, 'limit');
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
    const text = ruleModuleText({
      candidates: `(func $candidates (param i32 i32) (result i64) ${check()} (i32.store (i32.const 0) (i32.const 0)) (i64.const 0))`,
    });
    assert.match(text, /i32\.store/);
    const error = refusal(
      ruleModule({
        candidates: `(func $candidates (param i32 i32) (result i64) ${check()} (i32.store (i32.const 0) (i32.const 0)) (i64.const 0))`,
      }),
    );
    assert.equal(error.functionIndex, 2);
  });
});
