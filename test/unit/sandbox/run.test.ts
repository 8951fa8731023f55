// Modules that passed, running: fuel ends loops, traps and foreign matches become results, and the instance lives on.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import { instrumentFuel } from '../../../host/sandbox/fuel.ts';
import { instantiateRuleModule, type RuleInstance } from '../../../host/sandbox/instantiate.ts';
import type { MatchCallback } from '../../../host/sandbox/match-guard.ts';
import { type EvaluateResult, runCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import { threadMicros } from '../../../host/sandbox/time-account.ts';
import { slowBehind } from '../../support/sandbox/slow-behind-a-point.ts';
import {
  assembleText,
  check,
  ruleModule,
  ruleModuleBytes,
  sharedMemory,
  writeRecords,
} from '../../support/sandbox/wasm-builder.ts';

const RING = 65536;
/** Patience enough for any attempt that has to wait for a CPU. */
const NOT_INTERRUPTED = 10_000;
/** Fuel is a signed number of 32 bits. */
const MAX_FUEL = 2 ** 31 - 1;

interface Running {
  readonly instance: RuleInstance;
  readonly memory: WebAssembly.Memory;
  readonly matches: [rule: number, event: number][];
}

function start(bytes: Uint8Array, ruleCount = 2, match?: MatchCallback): Running {
  const memory = sharedMemory(3);
  const matches: [number, number][] = [];
  const instance = instantiateRuleModule(compileRuleModule(bytes), {
    memory,
    ruleCount,
    match: match ?? ((rule, event) => matches.push([rule, event])),
  });
  return { instance, memory, matches };
}

const match = (rule: number, event: string): string => `(call $match (i32.const ${rule}) ${event})`;

describe('sandbox: running', () => {
  it('delivers matches in order, with unsigned addresses', () => {
    const evaluate = match(0, '(local.get $from)') + match(1, '(local.get $from)');
    const { instance, memory, matches } = start(ruleModule({ evaluate }));
    assert.deepEqual(runEvaluate(instance, RING, writeRecords(memory, RING, 1)), { ok: true });
    assert.deepEqual(matches, [
      [0, RING],
      [1, RING],
    ]);
  });

  it('gives candidates as an unsigned number', () => {
    const candidates = `(func $candidates (param i32 i32) (result i64) ${check()} (i64.sub (i64.const -1) (i64.extend_i32_u (local.get 1))))`;
    const { instance } = start(ruleModule({ candidates }));
    assert.deepEqual(runCandidates(instance, RING, 1), { ok: true, value: 2n ** 64n - 2n });
  });

  it('ends a loop without end, and runs again', () => {
    const evaluate = `(if (i32.eq (local.get $from) (local.get $to)) (then (loop $l ${check()} (br $l))))`;
    const { instance } = start(ruleModule({ evaluate }));
    assert.deepEqual(runEvaluate(instance, RING, RING), { ok: false, kind: 'out-of-fuel', reason: 'out of fuel' });
    assert.deepEqual(runEvaluate(instance, RING, RING + 64), { ok: true });
  });

  it('ends what doubles its work with each call, too', () => {
    const fan = Array.from({ length: 40 }, (_, i) =>
      i === 39 ? `(func $f39 ${check()})` : `(func $f${i} ${check()} (call $f${i + 1}) (call $f${i + 1}))`,
    );
    const { instance } = start(ruleModule({ evaluate: '(call $f0)', more: fan.join('\n') }));
    assert.equal(runEvaluate(instance, RING, RING).ok, false);
  });

  it('gives an honest module more fuel as long as time allows, and delivers each match once', () => {
    // Matches the first two records, then loops over all; 300 units of fuel suffice for neither attempt one nor two.
    const evaluate = `${match(0, '(local.get $from)')} ${match(1, '(i32.add (local.get $from) (i32.const 64))')}
      (loop $next ${check(100)}
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $from) (local.get $to))))
      ${match(0, '(i32.sub (local.get $to) (i32.const 64))')}`;
    const { instance, memory, matches } = start(ruleModule({ evaluate }));
    const to = writeRecords(memory, RING, 20);
    assert.deepEqual(runEvaluate(instance, RING, to, { fuel: 1100, milliseconds: 1000 }), { ok: true });
    assert.deepEqual(matches, [
      [0, RING],
      [1, RING + 64],
      [0, to - 64],
    ]);
  });

  it('does not charge a module for what the host does with its matches', () => {
    const records = 3 * 4096;
    const evaluate = `(loop $next ${check(100)} ${match(0, '(local.get $from)')} ${match(1, '(local.get $from)')}
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $from) (local.get $to))))`;
    const memory = sharedMemory(16);
    const seen: [number, number][] = [];
    const instance = instantiateRuleModule(compileRuleModule(ruleModule({ evaluate })), {
      memory,
      ruleCount: 2,
      match(rule, event) {
        if (seen.length === 0) for (const until = threadMicros() + 100_000; threadMicros() < until; );
        seen.push([rule, event]);
      },
    });
    const to = writeRecords(memory, RING, records);
    // It needs several attempts, and the host takes four times the limit.
    const limits = { fuel: 100_000, milliseconds: 25 };
    assert.deepEqual(runEvaluate(instance, RING, to, limits), { ok: true });
    assert.equal(seen.length, 2 * records);
    for (const [index, one] of seen.entries()) assert.deepEqual(one, [index % 2, RING + 64 * (index >> 1)]);
  });

  for (const [which, frozen, ends] of [
    ['the first', [0], true],
    ['a later', [2], true],
    ['each', [0, 1, 2, 3, 4, 5], false],
  ] as const) {
    it(`does not charge a module for time in which the machine stood still: during ${which} attempt`, () => {
      const evaluate = `(loop $next ${check(100)}
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $from) (local.get $to))))`;
      const { instance, memory } = start(ruleModule({ evaluate }));
      let attempts = 0;
      const standing: RuleInstance = {
        ...instance,
        exports: {
          ...instance.exports,
          evaluate(from, to) {
            if (frozen.some((one) => one === attempts))
              for (const until = threadMicros() + 60_000; threadMicros() < until; );
            attempts++;
            instance.exports.evaluate(from, to);
          },
        },
      };
      // It needs five attempts, and one more instead of that in which the machine stood still.
      const to = writeRecords(memory, RING, 100);
      const limits = { fuel: 1_000, milliseconds: 25, patience: NOT_INTERRUPTED };
      const result = runEvaluate(standing, RING, to, limits);
      assert.deepEqual([result.ok, attempts], ends ? [true, 6] : [false, 2]);
    });
  }

  describe('interrupts what spends its fuel a thousand times slower behind a point than before it', () => {
    // Just more than an attempt with each doubled fuel has: the next attempt has as much again for what is dear.
    for (const fuel of [40_000_000, 640_000_000, 1_280_000_000]) {
      it(`after ${fuel} units`, () => {
        const instance = slowBehind(fuel);
        const { exports } = instance;
        const given: number[] = [];
        const counted: RuleInstance = {
          ...instance,
          exports: {
            ...exports,
            evaluate(from, to) {
              given.push(exports.fuel.value);
              exports.evaluate(from, to);
            },
          },
        };
        const result = runEvaluate(counted, RING, RING);
        assert.ok(!result.ok && result.kind === 'out-of-fuel', JSON.stringify(result));
        assert.equal(given.at(-1), Math.min(2 * fuel, MAX_FUEL), given.join());
        // An attempt that spends its fuel ends below zero.
        assert.ok(exports.fuel.value >= 0, 'the last attempt was not interrupted');
      });
    }
  });

  it('delivers each match once when an attempt is interrupted, and when too many matches wait', () => {
    const records = 3 * 4096;
    const evaluate = `(loop $next ${check(100)} ${match(0, '(local.get $from)')} ${match(1, '(local.get $from)')}
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $from) (local.get $to))))`;
    const memory = sharedMemory(16);
    const seen: [number, number][] = [];
    const instance = instantiateRuleModule(compileRuleModule(ruleModule({ evaluate })), {
      memory,
      ruleCount: 2,
      match: (rule, event) => seen.push([rule, event]),
    });
    let attempts = 0;
    const slow: RuleInstance = {
      ...instance,
      exports: {
        ...instance.exports,
        evaluate(from, to) {
          try {
            instance.exports.evaluate(from, to);
          } catch (error) {
            if (attempts++ === 2) for (const until = threadMicros() + 400_000; threadMicros() < until; );
            throw error;
          }
        },
      },
    };
    const to = writeRecords(memory, RING, records);
    // Interrupted after 50 ms: in all it may take 250 ms.
    assert.deepEqual(runEvaluate(slow, RING, to, { fuel: 100_000, milliseconds: 100, patience: 0.5 }), { ok: true });
    assert.ok(attempts > 6, `it took ${attempts} attempts`);
    assert.equal(seen.length, 2 * records);
    for (const [index, one] of seen.entries()) assert.deepEqual(one, [index % 2, RING + 64 * (index >> 1)]);
  });

  it("throws the callback's error also in the middle of a run", () => {
    const evaluate = `(loop $next ${check(100)} ${match(0, '(local.get $from)')}
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $from) (local.get $to))))`;
    const fault = new Error('disk full');
    const memory = sharedMemory(16);
    const instance = instantiateRuleModule(compileRuleModule(ruleModule({ evaluate })), {
      memory,
      ruleCount: 1,
      match() {
        throw fault;
      },
    });
    const to = writeRecords(memory, RING, 3 * 4096);
    assert.throws(
      () => runEvaluate(instance, RING, to),
      (error) => error === fault,
    );
  });

  it('turns traps into results, and the instance lives on', () => {
    const evaluate = `(drop (i32.load (local.get $from))) (drop (i32.div_u (i32.const 1) (local.get $to)))
      (if (i32.eq (local.get $to) (i32.const 1)) (then (unreachable)))`;
    const { instance } = start(ruleModule({ evaluate }));
    for (const [from, to, reason] of [
      [-1, 5, /memory access out of bounds/],
      [RING, 0, /divide by zero/],
      [RING, 1, /unreachable/],
    ] as const) {
      const result = runEvaluate(instance, from, to);
      assert.ok(!result.ok && result.kind === 'trap', JSON.stringify(result));
      assert.match(result.reason, reason);
    }
    assert.deepEqual(runEvaluate(instance, RING, 5), { ok: true });
  });

  it('turns a stack overflow into a result', () => {
    // 15,000 vectors on the operand stack at a time: 240 KB in the frame of a function, where the host has left less than that.
    const vectors = 15_000;
    const load = [0x41, 0, 0xfd, 0, 0, 0];
    const or = [0xfd, 0x50];
    const trapIfAny = [0xfd, 0x53, 0x04, 0x40, 0x00, 0x0b];
    const code = [
      ...Array(vectors).fill(load).flat(),
      ...Array(vectors - 1)
        .fill(or)
        .flat(),
      ...trapIfAny,
    ];
    const { instance } = start(ruleModuleBytes(code, [], 1_400_000));
    assert.deepEqual(runEvaluate(instance, RING, RING), { ok: true });
    // Goes down until the stack is full, then up until there is room for the call, not for the frame.
    const deep = (): EvaluateResult => {
      try {
        return deep();
      } catch {
        return runEvaluate(instance, RING, RING);
      }
    };
    const result = deep();
    assert.ok(!result.ok && result.kind === 'stack-overflow', JSON.stringify(result));
    assert.deepEqual(runCandidates(instance, 0, 0), { ok: true, value: 0n });
  });

  it("throws the match callback's own errors on", () => {
    const fault = new Error('disk full');
    const { instance, memory } = start(ruleModule({ evaluate: match(0, '(local.get $from)') }), 2, () => {
      throw fault;
    });
    const to = writeRecords(memory, RING, 1);
    assert.throws(
      () => runEvaluate(instance, RING, to),
      (error) => error === fault,
    );
  });
});

describe('sandbox: foreign matches', () => {
  for (const [what, evaluate, reason] of [
    ['a rule that the module does not have', match(2, '(local.get $from)'), /rule 2; the module has 2/],
    ['a negative rule', match(-1, '(local.get $from)'), /rule -1/],
    ['an address within a record', match(0, '(i32.add (local.get $from) (i32.const 8))'), /not a record of this run/],
    ['an address after the run', match(0, '(local.get $to)'), /not a record of this run/],
    ['an address before the run', match(0, '(i32.const 0)'), /not a record of this run/],
    ['an address beyond the memory', match(0, '(i32.const -8)'), /not a record of this run/],
    ['the same match twice', match(1, '(local.get $from)').repeat(2), /rule 1 after rule 1/],
    ['rules out of order', match(1, '(local.get $from)') + match(0, '(local.get $from)'), /rule 0 after rule 1/],
    [
      'events out of order',
      match(0, '(i32.add (local.get $from) (i32.const 64))') + match(0, '(local.get $from)'),
      /not a record of this run/,
    ],
  ] as const) {
    it(what, () => {
      const { instance, memory } = start(ruleModule({ evaluate }));
      const result = runEvaluate(instance, RING, writeRecords(memory, RING, 2));
      assert.ok(!result.ok && result.kind === 'foreign-match', JSON.stringify(result));
      assert.match(result.reason, reason);
    });
  }
  it('any match while candidates are asked for', () => {
    const candidates = `(func $candidates (param i32 i32) (result i64) ${check()} ${match(0, '(local.get 0)')} (i64.const 0))`;
    const { instance } = start(ruleModule({ candidates }));
    const result = runCandidates(instance, 0, 0);
    assert.ok(!result.ok && result.kind === 'foreign-match');
  });
});

describe('sandbox: compiling and binding', () => {
  it('refuses what V8 refuses, as SandboxError', () => {
    // i64 where evaluate has none to return: the verifier leaves types to V8.
    assert.throws(
      () => compileRuleModule(ruleModuleBytes([0x42, 0])),
      (error) => error instanceof SandboxError && error.code === 'invalid',
    );
  });
  it('refuses a memory that is too small, as SandboxError', () => {
    const memory = '(import "env" "memory" (memory $memory 9 65536 shared))';
    assert.throws(
      () => start(ruleModule({ memory })),
      (error) => error instanceof SandboxError && error.code === 'link',
    );
  });
  it('compiles the bytes that it verified, even if the caller changes them meanwhile', () => {
    const bytes = new Uint8Array(ruleModule());
    const verified = compileRuleModule(bytes);
    bytes.fill(0);
    assert.equal(
      instantiateRuleModule(verified, { memory: sharedMemory(1), ruleCount: 0, match: () => {} }).exports.fuel.value,
      0,
    );
  });
});

describe('sandbox: instrumentation', () => {
  const plain = `(module
    (import "env" "memory" (memory 1 65536 shared))
    (import "env" "match" (func $match (param i32 i32)))
    (export "evaluate" (func $evaluate)) (export "candidates" (func $candidates))
    (func $evaluate (param i32 i32) (loop $outer (loop $inner (br_if $inner (local.get 0))) (br_if $outer (local.get 1))))
    (func $candidates (param i32 i32) (result i64) (i64.const 5)))`;
  it('makes a module that passes', () => {
    const { instance } = start(instrumentFuel(assembleText(plain)));
    assert.deepEqual(runCandidates(instance, 0, 0), { ok: true, value: 5n });
    assert.deepEqual(runEvaluate(instance, 0, 0), { ok: true });
    assert.equal(runEvaluate(instance, 1, 0).ok, false);
    assert.equal(runEvaluate(instance, 0, 1).ok, false);
  });
  it('refuses to instrument twice', () => {
    assert.throws(
      () => instrumentFuel(instrumentFuel(assembleText(plain))),
      (error) => error instanceof SandboxError && error.code === 'not-instrumentable',
    );
  });
  it('does not hide what is forbidden', () => {
    const store = plain.replace('(i64.const 5)', '(i32.store (i32.const 0) (i32.const 0)) (i64.const 5)');
    assert.throws(
      () => compileRuleModule(instrumentFuel(assembleText(store))),
      (error) => error instanceof SandboxError && error.code === 'store',
    );
  });
  it('charges as many units as the code executes, where there is one path', () => {
    const loop = plain.replace(
      /\(loop.*$/m,
      '(loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))))',
    );
    const { instance } = start(instrumentFuel(assembleText(loop)));
    instance.exports.fuel.value = 100_000;
    instance.exports.evaluate(1000, 0);
    // The entry 4; each turn 4, and get, const, sub, set, get, br_if.
    assert.equal(100_000 - instance.exports.fuel.value, 4 + 1000 * (4 + 6));
  });
});
