// Which parts of a condition were true of an event: each check by itself, on values that were read from the event. Rules are evaluated by
// their modules; this is for people, and never runs where events are evaluated.

import type { Check, Expression } from '../../compiler/conditions/ast.ts';
import { fieldsOf } from '../../compiler/conditions/fields-of.ts';
import { printCondition } from '../../compiler/conditions/print.ts';
import { valueText } from '../../fields/text.ts';
import { type Absent, decode, type FieldValue } from '../../fields/value.ts';
import { fieldKey } from '../../outputs/transform.ts';
import { checkHolds, comparedValues } from '../../verdicts/check-verdict.ts';
import { ANCESTORS_READ, comparedFields } from '../../verdicts/compared-fields.ts';
import type { LitCheck, LitGroup, LitPart, Verdict } from './messages.ts';

/** Values by the fields' keys; undefined: the event had no value. Fields that are missing were not read. */
export type SeenValues = ReadonlyMap<string, FieldValue | Absent>;

/** @param expression without macro references */
export function litCondition(expression: Expression, seen: SeenValues, isLookedAt = true): LitPart {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return litGroup(expression.kind, expression.children, seen, isLookedAt);
    case 'not': {
      const part = litCondition(expression.child, seen, isLookedAt);
      return { kind: 'not', parts: [part], isLookedAt, verdict: opposite(part.verdict) };
    }
    case 'check':
      return litCheck(expression, seen, isLookedAt);
    case 'macro':
      throw new Error(`macro ${expression.name} was not expanded`);
  }
}

function litGroup(
  kind: 'and' | 'or',
  children: readonly Expression[],
  seen: SeenValues,
  isLookedAt: boolean,
): LitGroup {
  const decisive: Verdict = kind === 'and' ? 'false' : 'true';
  const parts: LitPart[] = [];
  let isOpen = isLookedAt;
  for (const child of children) {
    const part = litCondition(child, seen, isOpen);
    parts.push(part);
    if (part.verdict === decisive) isOpen = false;
  }
  const verdicts = parts.map(({ verdict }) => verdict);
  const otherwise = verdicts.includes('unknown') ? 'unknown' : opposite(decisive);
  return { kind, parts, isLookedAt, verdict: verdicts.includes(decisive) ? decisive : otherwise };
}

function opposite(verdict: Verdict): Verdict {
  return verdict === 'unknown' ? 'unknown' : verdict === 'true' ? 'false' : 'true';
}

function litCheck(check: Check, seen: SeenValues, isLookedAt: boolean): LitCheck {
  const { left, macro } = check;
  const keys = fieldsOf(check).flatMap((field) => comparedFields(fieldKey(field)));
  const values = keys.every((key) => seen.has(key)) ? comparedValues(left, seen) : undefined;
  const holds = values !== undefined && checkHolds(check, seen);
  return {
    kind: 'check',
    text: printCondition(check),
    verdict: !values || (!holds && hasFurtherAncestors(check, seen)) ? 'unknown' : holds ? 'true' : 'false',
    isLookedAt,
    ...(values && values.length > 0 && { value: values.map((value) => decode(valueText(value))).join(' ') }),
    ...(macro !== undefined && { macro }),
  };
}

/** Whether the check compares every ancestor, and there may be more of them than are read: rules walk up to 1,024. */
function hasFurtherAncestors(check: Check, seen: SeenValues): boolean {
  return fieldsOf(check).some((field) => {
    const keys = comparedFields(fieldKey(field));
    return keys.length === ANCESTORS_READ && seen.get(keys[ANCESTORS_READ - 1] ?? '') !== undefined;
  });
}
