// The event types on which a condition can be true by its checks of evt.type: a rule is only evaluated on those.

import { ALL_EVENT_NAMES } from '../../schema/event-names.ts';
import type { Check, Expression } from './ast.ts';
import { constantsOf } from './fields-of.ts';

/** Names of event types. */
export type EventSet = ReadonlySet<string>;

const ALL: EventSet = new Set(ALL_EVENT_NAMES);
const NONE: EventSet = new Set();

/** Event types of an expanded condition. */
export function eventTypesOf(expression: Expression): EventSet {
  return collect(expression, false);
}

/** `not` is pushed down to the checks: only those of evt.type and evt.num are turned around by it. */
function collect(expression: Expression, negated: boolean): EventSet {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const sets = expression.children.map((child) => collect(child, negated));
      return (expression.kind === 'and') === negated ? union(sets) : intersection(sets);
    }
    case 'not':
      return collect(expression.child, !negated);
    case 'check':
      return ofCheck(expression, negated);
    case 'macro':
      throw new Error(`macro ${expression.name} was not expanded`);
  }
}

function ofCheck(check: Check, negated: boolean): EventSet {
  const { left, operator } = check;
  if (left.kind !== 'field' || left.argument !== undefined || check.modifier) return ALL;
  if (left.name === 'evt.num') return ofNumber(check, negated);
  if (left.name !== 'evt.type' && left.name !== 'syscall.type') return ALL;
  switch (operator) {
    case 'exists':
      return negated ? NONE : ALL;
    case '=':
    case '==':
    case 'in':
      return named(check, negated);
    case '!=':
      return named(check, !negated);
    default:
      return ALL;
  }
}

function named(check: Check, complement: boolean): EventSet {
  const names = new Set(constants(check));
  return new Set(ALL_EVENT_NAMES.filter((name) => names.has(name) !== complement));
}

/** Events are numbered from 1, so some checks of the number are never or always true (`evt.num = 0` is a usual "never"). */
function ofNumber(check: Check, negated: boolean): EventSet {
  return verdictOnNumber(check) === negated ? NONE : ALL;
}

/** What a check of the number comes to on every event; undefined if that depends on the event. */
function verdictOnNumber(check: Check): boolean | undefined {
  const { operator, right } = check;
  const values = constants(check).map(Number);
  if (operator === 'in') {
    // A name without parentheses (`in zero`) says nothing, as in Falco.
    const listed = right.kind === 'values' && right.bare !== true;
    return listed && values.every((value) => value === 0) ? false : undefined;
  }
  const [value] = values;
  if (right.kind !== 'value' || value === undefined) return undefined;
  // A negative number is a very large one: Falco reads it as unsigned.
  switch (operator) {
    case '=':
    case '==':
    case '<=':
      return value === 0 ? false : undefined;
    case '!=':
    case '>':
      return value === 0 ? true : undefined;
    case '<':
      return value === 0 || value === 1 ? false : undefined;
    case '>=':
      return value === 0 || value === 1 ? true : undefined;
    default:
      return undefined;
  }
}

function constants(check: Check): readonly string[] {
  return constantsOf(check).map(({ text }) => text);
}

function union(sets: readonly EventSet[]): EventSet {
  if (sets.includes(ALL)) return ALL;
  return new Set(sets.flatMap((set) => [...set]));
}

function intersection(sets: readonly EventSet[]): EventSet {
  const [first = ALL, ...others] = sets.filter((set) => set !== ALL);
  if (others.length === 0) return first;
  return new Set([...first].filter((name) => others.every((set) => set.has(name))));
}
