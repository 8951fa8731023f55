// A hostile module that spends its fuel a thousand times slower behind a point than before it.

import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule, type RuleInstance } from '../../../host/sandbox/instantiate.ts';
import { check, ruleModule, sharedMemory } from './wasm-builder.ts';

/** 64 MB: no cache has room for all of it. */
const PAGES = 1024;
const LAST_WORD = '0x3fffff8';

/** A loop whose longest path, which is never taken, is as long as the charge. */
const cheap = (turns: number): string => `(loop $cheap ${check(100_000)}
  (local.set $count (i32.add (local.get $count) (i32.const 1)))
  (br_if $cheap (i32.lt_u (local.get $count) (i32.const ${turns}))))`;

/** Each load waits for the one before it, and misses the caches. */
const CHASE = `(local.set $at (i32.and
  (i32.add (i32.mul (local.get $at) (i32.const 1103515245)) (i32.load (local.get $at))) (i32.const ${LAST_WORD})))`;
const DEAR = `(loop $dear ${check(100)} ${CHASE.repeat(4)} (br $dear))`;

/** Its `evaluate` is fast for so many units of fuel, a multiple of 100,000, and never ends by itself. */
export function slowBehind(fuel: number): RuleInstance {
  const module = ruleModule({
    locals: '(local $at i32) (local $count i32)',
    evaluate: `${cheap(fuel / 100_000)} ${DEAR}`,
  });
  const memory = sharedMemory(PAGES);
  // Pages that nothing was written to are all the same one, which a cache has room for.
  new Uint32Array(memory.buffer).fill(12345);
  return instantiateRuleModule(compileRuleModule(module), { memory, ruleCount: 0, match: () => {} });
}
