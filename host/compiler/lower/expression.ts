// From the condition of a rule, macros expanded, to its intermediate form on events of one type.

import type { Check, Expression } from '../conditions/ast.ts';
import { all, any, type Condition, not } from '../ir/condition.ts';
import { lowerCheck } from './check.ts';
import type { LoweringContext } from './operand.ts';

/** `evt.type = open and not fd.name = /a` on `openat` is false; on `open` it is `not` the test of fd.name. */
export function lowerExpression(expression: Expression, context: LoweringContext): Condition {
  switch (expression.kind) {
    case 'and':
      return all(lazily(expression.children, context));
    case 'or':
      return any(lazily(expression.children, context));
    case 'not':
      return not(lowerExpression(expression.child, context));
    case 'check':
      return lowerCheck(expression, context);
    case 'macro':
      throw new Error(`macro ${expression.name} was not expanded`);
  }
}

function* lazily(children: readonly Expression[], context: LoweringContext): Generator<Condition> {
  // Checks of the event's name decide the most, and cost nothing.
  const first = children.filter(asksForType);
  for (const child of first) yield lowerExpression(child, context);
  for (const child of children) if (!first.includes(child)) yield lowerExpression(child, context);
}

function asksForType(expression: Expression): boolean {
  return expression.kind === 'check' && isTypeCheck(expression);
}

function isTypeCheck({ left }: Check): boolean {
  return left.kind === 'field' && (left.name === 'evt.type' || left.name.startsWith('evt.is_'));
}
