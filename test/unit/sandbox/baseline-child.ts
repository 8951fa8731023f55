// Runs a module's `evaluate` often enough for V8 to optimize it, and prints by which compiler it is in the end: baseline or optimized.
// node --allow-natives-syntax baseline-child.ts MODULE

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from '../../../host/engine/loop/collect-garbage.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule } from '../../../host/sandbox/instantiate.ts';
import { runEvaluate } from '../../../host/sandbox/run.ts';
import { sharedMemory } from '../../support/sandbox/wasm-builder.ts';

/** The optimizer gets a function after some 10 MB of executed code: in ms. */
const ENOUGH_MS = 5_000;

const verified = compileRuleModule(new Uint8Array(readFileSync(process.argv[2] ?? '')));
const instance = instantiateRuleModule(verified, { memory: sharedMemory(1), ruleCount: 1, match: () => {} });
// V8's own function, which only its parser knows.
const isBaseline = new Function('evaluate', 'return %IsLiftoffFunction(evaluate)');

const began = performance.now();
for (let round = 0; isBaseline(instance.exports.evaluate) && performance.now() - began < ENOUGH_MS; round++) {
  for (let i = 0; i < 100; i++) runEvaluate(instance, 0, 0);
  // The optimizer is another thread.
  await sleep(1);
  // The agent does so after its start; V8 then throws baseline code away, unless a flag forbids it.
  if (round % 100 === 0) collectGarbage('all');
}
console.log(isBaseline(instance.exports.evaluate) ? 'baseline' : 'optimized');
