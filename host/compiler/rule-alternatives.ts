// Rules as a module evaluates them: each of its alternatives (conditions/session-checks.ts) has a number of its own there.

import type { Expression } from './conditions/ast.ts';
import { alternativesOf } from './conditions/session-checks.ts';
import { exactRules } from './plan/exact/exact-rules.ts';
import type { Plan } from './plan/plan.ts';
import type { RuleSource } from './rules/rule.ts';

export interface RuleAlternative {
  /** Number of its rule. */
  readonly rule: number;
  /** The rule with the condition that its events are evaluated by. */
  readonly source: RuleSource;
  /** What must hold of the session that the process is in, too. Absent: nothing. */
  readonly entry?: Expression;
  /** Condition on the exec session. */
  readonly session?: Expression;
}

/** In the order of the rules. */
export function ruleAlternatives(rules: readonly RuleSource[]): RuleAlternative[] {
  return rules.flatMap((source, rule) => {
    const found = alternativesOf(source.condition);
    if (!found) throw new Error(`rule ${source.name} was not checked: it has too many alternatives`);
    return found.map(({ condition, ...of }) =>
      of.entry || of.session ? { rule, source: { ...source, condition }, ...of } : { rule, source },
    );
  });
}

/** The exact rules of a plan. What depends on the session is not exact, whatever the rest of its condition is. */
export function exactAmong(plan: Plan, alternatives: readonly RuleAlternative[]): ReturnType<typeof exactRules> {
  return exactRules(plan).filter(({ rule }) => !alternatives[rule]?.entry && !alternatives[rule]?.session);
}
