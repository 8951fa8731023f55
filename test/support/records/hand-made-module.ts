// Rule modules in text: they do what no compiled rule does.

import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { check, ruleModule, type TextParts } from '../sandbox/wasm-builder.ts';

/** A module of one rule on openat, with the parts that are given. */
export function handMade(parts: TextParts): RuleModule {
  return {
    name: 'hand-made.wasm',
    verified: compileRuleModule(ruleModule(parts)),
    sha256: '',
    source: 'syscall',
    auditValues: [],
    rules: [
      {
        name: 'Never',
        priority: 'Notice',
        source: 'syscall',
        tags: [],
        output: parseTemplate('never'),
        readsContainers: false,
        readsSession: false,
        readsPods: false,
        fields: [],
        eventTypes: ['openat'],
        costs: {},
        capture: false,
      },
    ],
    eventTypes: ['openat'],
    names: [],
    exact: [],
  };
}

const DIVISIONS = 64;
/** What a step of the loop takes on a fast machine; a slower one takes longer. */
const STEP_NS = 256;

/** Locals of a function with busy(). */
export const BUSY_LOCALS = '(local $steps i32) (local $x i64)';

/** A loop that keeps the processor busy for about so long. */
export function busy(milliseconds: number): string {
  const divisions = '(local.set $x (i64.div_u (i64.const 0x7fffffffffffffff) (i64.or (local.get $x) (i64.const 3))))';
  return `(local.set $steps (i32.const ${Math.round((milliseconds * 1e6) / STEP_NS)}))
    (loop $busy ${check(7 * DIVISIONS)} ${divisions.repeat(DIVISIONS)}
      (br_if $busy (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))`;
}

/** candidates() that takes so long for each process, and answers that it can match all rules. */
export function slowCandidates(milliseconds: number): string {
  return `(func $candidates (param i32 i32) (result i64) ${BUSY_LOCALS} ${check()} ${busy(milliseconds)} (i64.const -1))`;
}
