// The alternatives of rules in a module's manifest: it is not trusted, and numbers of the module are read by them.

import { MOST_ALTERNATIVES } from '../../compiler/ir/module-limits.ts';
import { isObject } from '../../diagnostics/json-value.ts';
import type { AlternativeStart } from '../../engine/messages/rule-set-start.ts';
import { moduleConditions } from '../../verdicts/load-conditions.ts';
import type { StoredCondition } from '../../verdicts/stored-condition.ts';
import { SessionCondition } from '../sessions/session-condition.ts';

/** One alternative of a rule: a module evaluates it like a rule of its own. */
export interface RuleAlternative {
  /** Number of its rule. */
  readonly rule: number;
  /** Condition on the session that the process is in. Absent: none. */
  readonly entry?: StoredCondition;
  /** Condition on the exec session. Absent: none. */
  readonly session?: SessionCondition;
}

/**
 * @param stored undefined: each rule is its only one
 * @throws {Error} with the reason
 */
export function readAlternatives(stored: unknown, ruleCount: number): readonly RuleAlternative[] | undefined {
  if (stored === undefined) return undefined;
  if (!Array.isArray(stored) || stored.length > MOST_ALTERNATIVES * ruleCount) {
    throw new Error('its alternatives are not a list, or too many');
  }
  let last = 0;
  const conditions = moduleConditions();
  return stored.map((one: unknown, index) => {
    const { rule, entry, session } = isObject(one) ? one : {};
    if (typeof rule !== 'number' || !Number.isInteger(rule) || rule < last || rule >= ruleCount) {
      throw new Error(`alternative ${index} belongs to no rule, or is not in the order of the rules`);
    }
    last = rule;
    for (const text of [entry, session]) {
      if (text !== undefined && typeof text !== 'string') {
        throw new Error(`the session of alternative ${index} is not a text`);
      }
    }
    return {
      rule,
      ...(typeof entry === 'string' && { entry: conditions.read(entry, 'entry') }),
      ...(typeof session === 'string' && { session: new SessionCondition(conditions.read(session, 'session')) }),
    };
  });
}

/** The alternatives as the worker needs them. */
export function startsOf(alternatives: readonly RuleAlternative[]): readonly AlternativeStart[] {
  return alternatives.map(({ rule, entry, session }) => ({
    rule,
    ...(entry && { entry: entry.text }),
    ...(session && { holdsWithout: session.holdsWithout }),
  }));
}
