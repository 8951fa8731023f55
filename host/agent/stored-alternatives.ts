// The alternatives of rules in a module's manifest: it is not trusted, and numbers of the module are read by them.

import { MOST_ALTERNATIVES } from '../compiler/conditions/session-checks.ts';
import { SessionConstants } from '../compiler/lower/session-constants.ts';
import { isObject } from '../diagnostics/json-value.ts';
import type { AlternativeStart } from '../engine/protocol.ts';
import { SessionCondition } from './session-condition.ts';

/** What a module evaluates like a rule of its own. */
export interface RuleAlternative {
  /** Number of its rule. */
  readonly rule: number;
  /** What must hold of the exec session, too. Absent: nothing. */
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
  const constants = new SessionConstants();
  return stored.map((one: unknown, index) => {
    const { rule, session } = isObject(one) ? one : {};
    if (typeof rule !== 'number' || !Number.isInteger(rule) || rule < last || rule >= ruleCount) {
      throw new Error(`alternative ${index} is of no rule, or not in the order of the rules`);
    }
    last = rule;
    if (session === undefined) return { rule };
    if (typeof session !== 'string') throw new Error(`the session of alternative ${index} is not a text`);
    return { rule, session: new SessionCondition(session, constants) };
  });
}

/** As the worker needs them. */
export function startsOf(alternatives: readonly RuleAlternative[]): readonly AlternativeStart[] {
  return alternatives.map(({ rule, session }) => (session ? { rule, holdsWithout: session.holdsWithout } : { rule }));
}
