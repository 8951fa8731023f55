// The input of the checks of `wasprey lint`: a rule with its condition on each of its event types.

import { AUDIT_EVENT_TYPE } from '../../schema/audit/record.ts';
import { EVENT_TYPES, type EventType } from '../../schema/events/index.ts';
import type { Check, Expression } from '../conditions/ast.ts';
import { alternativesOf, firstOfSession } from '../conditions/session-checks.ts';
import { any, type Condition } from '../ir/condition.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { conditionOn } from './condition-on.ts';

export interface Subject {
  readonly rule: CompiledRule;
  /** Captured types that the rule's checks of the type allow. */
  readonly types: readonly EventType[];
  /**
   * The rule's condition on those; what can't be compiled is left out. Of a rule with checks of the session: what its events need, for any
   * session.
   */
  readonly conditions: ReadonlyMap<EventType, Condition>;
  readonly readsSession: boolean;
}

export function subjectOf(rule: CompiledRule): Subject {
  const types = typesOf(rule);
  const alternatives = alternativesOf(rule.condition) ?? [];
  const conditions = types.flatMap((type) => {
    const each = alternatives.map(({ condition }) => conditionOn(condition, type));
    const known = each.filter((condition) => condition !== undefined);
    return known.length === each.length ? [[type, any(known)] as const] : [];
  });
  return { rule, types, conditions: new Map(conditions), readsSession: firstOfSession(rule.condition) !== undefined };
}

/** The captured types that the rule's checks of the type allow; of another source than system calls, the one that it has. */
export function typesOf({ source, eventTypes }: CompiledRule): readonly EventType[] {
  if (source === 'k8s_audit') return eventTypes.size > 0 ? [AUDIT_EVENT_TYPE] : [];
  return EVENT_TYPES.filter(({ name }) => eventTypes.has(name));
}

/** Checks that all have to hold, as written: those below nothing but `and`. */
export function requiredChecks(expression: Expression): Check[] {
  switch (expression.kind) {
    case 'and':
      return expression.children.flatMap(requiredChecks);
    case 'check':
      return [expression];
    case 'or':
    case 'not':
    case 'macro':
      return [];
  }
}

/** Whether a check only says which events a rule is for, or is one of the usual ways to say "never" or "always". */
export function isAboutType({ left }: Check): boolean {
  return left.kind === 'field' && /^(?:evt\.(?:type|num|dir|is_\w+)|syscall\.type|jevt\.rawtime)$/.test(left.name);
}
