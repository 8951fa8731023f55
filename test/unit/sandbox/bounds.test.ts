// What a rule module exports and keeps, its fuel checks, its stack: each way to get around them is refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_CALL_DEPTH, MAX_LOCALS, MAX_NESTING } from '../../../host/sandbox/limits.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { check, ruleModule, ruleModuleBytes, type TextParts } from '../../support/sandbox/wasm-builder.ts';
import { refusal, refusesEach } from './refusal.ts';

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
      /only a fuel check may/,
    ],
    [
      'a global computed at the start',
      { more: '(global i32 (i32.add (i32.const 1) (i32.const 2)))' },
      'global-init',
      /one constant/,
    ],
    ['a function without a check', { more: '(func (nop))' }, 'fuel-missing', /found nop/],
    ['a loop without a check', { evaluate: '(loop $l (br $l))' }, 'fuel-missing', /found br/],
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
      /charges 20, but the code after it can cost 105/,
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

describe('sandbox: what V8 does for a function', () => {
  const locals = (count: number): string => `(local ${'v128 '.repeat(count)})`;
  /** Operands that wait on the stack meanwhile, around blocks that each may be left early. */
  const blocks = (count: number, operands: number): Uint8Array =>
    ruleModuleBytes(
      [
        ...Array(operands).fill([0x20, 0]).flat(),
        ...Array(count).fill([0x02, 0x40, 0x20, 0, 0x0d, 0, 0x0b]).flat(),
        ...Array(operands).fill(0x1a),
      ],
      [],
      1_000_000,
    );
  it('charges a call for the locals that are set to zero', () => {
    const text = (charge: number): TextParts => ({ more: `(func ${locals(1000)} ${check(charge)})` });
    assert.equal(refusal(ruleModule(text(900))).code, 'fuel-too-small');
    verifyModule(ruleModule(text(1000)));
  });
  it('bounds what its compiler goes through at each block: locals', () => {
    const text = (count: number): TextParts => ({
      more: `(func ${locals(4000)} ${check(10_000)} ${'(block $b (br_if $b (i32.const 1)))'.repeat(count)})`,
    });
    verifyModule(ruleModule(text(300)));
    const error = refusal(ruleModule(text(400)));
    assert.equal(error.code, 'limit');
    assert.match(error.reason, /compiling would take too long/);
  });
  it('and operands', () => {
    verifyModule(blocks(100, 4000));
    const error = refusal(blocks(1000, 4000));
    assert.equal(error.code, 'limit');
    assert.match(error.reason, /compiling would take too long/);
  });
  it('knows the operands of a call', () => {
    const call = `(call $wide ${'(i64.const 0) '.repeat(60)})`;
    const more = `(func $wide (param ${'i64 '.repeat(60)}) ${check()}) (func ${check(10_000)} ${call.repeat(100)})`;
    assert.equal(verifyModule(ruleModule({ more })).stack.locals, 120);
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
  const chain = (length: number, locals = '', charge = 1000): string[] =>
    Array.from(
      { length },
      (_, i) => `(func $c${i} ${locals} ${check(charge)} ${i + 1 < length ? `(call $c${i + 1})` : ''})`,
    );
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
    const error = refusal(
      ruleModule({ more: chain(5, `(local ${'v128 '.repeat(MAX_LOCALS)})`, MAX_LOCALS).join(' ') }),
    );
    assert.equal(error.code, 'limit');
    assert.match(error.reason, /20480 locals and operands on one call path/);
  });
  it('too many operands in a function', () => {
    const operands = (count: number): Uint8Array =>
      ruleModuleBytes([...Array(count).fill([0x20, 0]).flat(), ...Array(count).fill(0x1a)], [], 1_000_000);
    assert.equal(verifyModule(operands(16_000)).stack.locals, 16_002);
    assert.match(refusal(operands(17_000)).reason, /17002 locals and operands/);
  });
  it('blocks nested too deep', () => {
    const nested = (depth: number): number[] => [...Array(depth).fill([0x02, 0x40]).flat(), ...Array(depth).fill(0x0b)];
    verifyModule(ruleModuleBytes(nested(MAX_NESTING - 1)));
    assert.equal(refusal(ruleModuleBytes(nested(MAX_NESTING + 1))).code, 'limit');
  });
});
