// Expensive conditions: evaluated on events of all types, or searching long texts without a cheaper check before.

import { type Diagnostic, warning } from '../../diagnostics/diagnostic.ts';
import { DEFAULT_SOURCE } from '../../schema/event-source.ts';
import type { Check, Expression } from '../conditions/ast.ts';
import { printOperand } from '../conditions/print.ts';
import { conditionOn } from './condition-on.ts';
import { isAboutType, type Subject } from './subject.ts';

/** More event types than a rule usually needs; Falco warns from the same number on, unless configured not to. */
const MOST_TYPES = 50;

/** Operators that go through a whole text. */
const SEARCHES: readonly string[] = ['regex', 'contains', 'icontains', 'glob', 'iglob', 'pmatch'];

export function findExpensive(subject: Subject): Diagnostic[] {
  const { rule, types } = subject;
  // Audit events come a thousand times less often, and all are of one type.
  if (rule.source !== DEFAULT_SOURCE) return [];
  if (rule.eventTypes.size > MOST_TYPES) {
    const message = `this rule is evaluated on ${types.length} event types`;
    const help = 'begin with its event types: evt.type in (open, openat) and ...';
    const notes = ['the kernel records all of these events because of it'];
    return [warning('LINT_EXPENSIVE', message, rule.place, { notes, help })];
  }
  const required = requiredParts(rule.condition).filter((part) => part.kind !== 'check' || !isAboutType(part));
  const searches = required.flatMap((part) => (part.kind === 'check' && isSearch(part, subject) ? [part] : []));
  const [search] = searches;
  // With anything else to test the search comes last by itself.
  if (!search || searches.length < required.length) return [];
  const message = `${printOperand(search.left)} is searched on every ${types.map(({ name }) => name).join(', ')}`;
  const plain = search.operator === 'regex' ? '; startswith, endswith or contains cost less than regex' : '';
  const help = `add a cheaper check that excludes most events, such as proc.name or a prefix of the path${plain}`;
  return [warning('LINT_EXPENSIVE', message, rule.placeOf(search.span, search), { help })];
}

function requiredParts(expression: Expression): readonly Expression[] {
  return expression.kind === 'and' ? expression.children.flatMap(requiredParts) : [expression];
}

/** A search in a text of the event: a search in a text of the process is done once per process. */
function isSearch(check: Check, { types }: Subject): boolean {
  if (!SEARCHES.includes(check.operator)) return false;
  // Parameters are mostly names of a few letters.
  if (check.left.kind === 'field' && /^evt\.arg(?:$|\.)/.test(check.left.name)) return false;
  return types.some((type) => {
    const condition = conditionOn(check, type);
    return condition !== undefined && condition.kind !== 'constant' && condition.scope === 'event';
  });
}
