// Shadowed rules: an earlier rule matches every event that they match.

import { type Diagnostic, warning } from '../../diagnostics/diagnostic.ts';
import type { Condition } from '../ir/condition.ts';
import { conjunctsOf } from '../ir/condition.ts';
import { sameValue } from '../ir/print-value.ts';
import type { Subject } from './subject.ts';

/** @param subjects in the order of evaluation */
export function findShadowed(subjects: readonly Subject[]): Diagnostic[] {
  return subjects.flatMap((subject, index) => {
    const shadow = subjects.slice(0, index).find((earlier) => covers(earlier, subject));
    if (!shadow) return [];
    const { name, file, line } = shadow.rule;
    const message = `rule '${name}' comes first and matches every event that this rule matches`;
    return warning('LINT_SHADOWED', message, subject.rule.place, {
      notes: [
        `'${name}' is at ${file}:${line}`,
        'with `rule_matching: first`, the default, only the first rule that matches an event raises an alert',
      ],
      help: `put this rule before '${name}', make that one narrower, or run with --rule-matching all`,
    });
  });
}

function covers(earlier: Subject, later: Subject): boolean {
  // What its session decides is not known here.
  if (earlier.readsSession) return false;
  let possible = false;
  for (const [type, condition] of later.conditions) {
    if (condition.kind === 'constant' && !condition.value) continue;
    possible = true;
    const wider = earlier.conditions.get(type);
    if (!wider || !implies(condition, wider)) return false;
  }
  return possible;
}

/** Whether the first condition implies the second. False if unknown. */
export function implies(narrow: Condition, wide: Condition): boolean {
  if (narrow.kind === 'constant' || wide.kind === 'constant') {
    return (narrow.kind === 'constant' && !narrow.value) || (wide.kind === 'constant' && wide.value);
  }
  if (narrow.key === wide.key) return true;
  if (wide.kind === 'all') return wide.children.every((part) => implies(narrow, part));
  if (narrow.kind === 'any') return narrow.children.every((part) => implies(part, wide));
  if (wide.kind === 'any' && wide.children.some((part) => implies(narrow, part))) return true;
  if (narrow.kind === 'all') return conjunctsOf(narrow).some((part) => implies(part, wide));
  return isAmong(narrow, wide);
}

/** Whether the conditions compare the same text, and the narrow one with a subset of the values. */
function isAmong(narrow: Condition, wide: Condition): boolean {
  if (narrow.kind !== 'test' || wide.kind !== 'test' || narrow.test !== 'text' || wide.test !== 'text') return false;
  if (!sameValue(narrow.text.value, wide.text.value) || narrow.text.case !== wide.text.case) return false;
  const [few, many] = [narrow.match, wide.match];
  if (few.op !== 'equals') return false;
  if (many.op === 'equals') return few.values.every((value) => many.values.includes(value));
  if (many.op === 'automaton' || many.ignoreCase || narrow.text.case !== undefined) return false;
  const test = { contains: 'includes', startswith: 'startsWith', endswith: 'endsWith' } as const;
  return few.values.every((value) => value[test[many.op]](many.value));
}
