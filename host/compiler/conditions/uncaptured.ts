// Event types that a condition requires and the capture lacks: checks for them are never true.

import { ALL_EVENT_NAMES } from '../../schema/event-names.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import type { Check, Expression, Literal } from './ast.ts';
import { constantsOf } from './fields-of.ts';

const KNOWN: ReadonlySet<string> = new Set(ALL_EVENT_NAMES);
const CAPTURED: ReadonlySet<string> = new Set(EVENT_TYPES.map(({ name }) => name));

/** Names in one check, and the first of them, to point at. */
export interface UncapturedEvents {
  readonly names: readonly string[];
  readonly check: Check;
  readonly at: Literal;
}

/** Uncaptured events of an expanded condition, from left to right. What it excludes (`evt.type != kill`) is not among them. */
export function uncapturedEvents(expression: Expression, negated = false): UncapturedEvents[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.children.flatMap((child) => uncapturedEvents(child, negated));
    case 'not':
      return uncapturedEvents(expression.child, !negated);
    case 'check':
      return asksFor(expression, negated) ? ofCheck(expression) : [];
    case 'macro':
      throw new Error(`macro ${expression.name} was not expanded`);
  }
}

/** `not evt.type != kill` requires it too. */
function asksFor({ left, operator, modifier }: Check, negated: boolean): boolean {
  if (left.kind !== 'field' || left.argument !== undefined || modifier) return false;
  if (left.name !== 'evt.type' && left.name !== 'syscall.type') return false;
  return negated ? operator === '!=' : operator === '=' || operator === '==' || operator === 'in';
}

function ofCheck(check: Check): UncapturedEvents[] {
  const { left } = check;
  // The type check refuses unknown names for evt.type, but takes any for syscall.type.
  const named = ({ text }: Literal) => KNOWN.has(text) || left.name === 'syscall.type';
  const uncaptured = constantsOf(check).filter((literal) => named(literal) && !CAPTURED.has(literal.text));
  const [at] = uncaptured;
  return at ? [{ names: [...new Set(uncaptured.map(({ text }) => text))], check, at }] : [];
}

/** The message about them. */
export function uncapturedMessage(names: readonly string[]): string {
  const [only] = names;
  if (names.length === 1) return `${only} is not captured, so no event has that type`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are not captured, so no event has these types`;
}
