// The candidate words of a module that is set aside are empty: the kernel acts by them too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Capture } from '../../../host/capture/native.ts';
import { ModuleSet } from '../../../host/engine/modules/module-set.ts';
import { EventMemory } from '../../../host/fields/memory.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import { CONTEXT } from '../../support/records/fields.ts';
import { handMade } from '../../support/records/hand-made-module.ts';
import { check } from '../../support/sandbox/wasm-builder.ts';

const [ORDINARY, FAILING, LATER] = [66_000, 70_000, 74_000];

/** Answers that a process can match all rules, and fails for one of them. */
const CANDIDATES = `(func $candidates (param i32 i32) (result i64) ${check()}
  (if (i32.eq (local.get 0) (i32.const ${FAILING})) (then (unreachable))) (i64.const 1))`;

test('no words of an earlier process are left to processes that come when a module was set aside', () => {
  const sandbox = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const failures: string[] = [];
  const start = (candidates?: string) => {
    const { name, verified, rules } = handMade(candidates === undefined ? {} : { candidates });
    const reads = rules.map(({ eventTypes }) => ({ fields: [], readsContainers: false, readsPods: false, eventTypes }));
    return { name, verified, rules: reads };
  };
  const others = `(func $candidates (param i32 i32) (result i64) ${check()} (i64.const 1))`;
  const set = new ModuleSet({ generation: 0, modules: [start(CANDIDATES), start(others)], eventTypes: ['openat'] }, 0, {
    sandbox,
    memory: new EventMemory(sandbox.buffer as unknown as SharedArrayBuffer),
    context: CONTEXT,
    ruleMatching: 'all',
    onMatch: () => {},
    onFailure: (_set, { name }) => failures.push(name),
  });
  const words = new Map<number, readonly bigint[]>();
  const capture = {
    setCandidates: (image: number, given: BigUint64Array) => words.set(image, [...given.subarray(0, 2)]),
  } as unknown as Capture;
  for (const image of [ORDINARY, FAILING, LATER]) set.describe(image, capture);
  assert.equal(failures.length, 1);
  assert.ok(CANDIDATE_WORDS >= 2);
  assert.deepEqual(words.get(ORDINARY), [1n, 1n]);
  assert.deepEqual(words.get(FAILING), [0n, 1n]);
  assert.deepEqual(words.get(LATER), [0n, 1n]);
});
