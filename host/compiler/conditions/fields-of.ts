// The checks of a condition, and the fields and constants that they read.

import type { Check, Expression, FieldOperand, Literal, TransformerArgument } from './ast.ts';

/** All checks of a condition, in order. */
export function checksOf(expression: Expression): Check[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.children.flatMap(checksOf);
    case 'not':
      return checksOf(expression.child);
    case 'check':
      return [expression];
    case 'macro':
      return [];
  }
}

/** All fields that a check reads, on both sides, in transformers too. */
export function fieldsOf({ left, right }: Check): FieldOperand[] {
  return [...fieldsIn(left), ...(right.kind === 'operand' ? fieldsIn(right.operand) : [])];
}

/** The constants that a check compares with. */
export function constantsOf({ right }: Pick<Check, 'right'>): readonly Literal[] {
  if (right.kind === 'value') return [right.value];
  return right.kind === 'values' ? right.values : [];
}

export function fieldsIn(operand: TransformerArgument): FieldOperand[] {
  switch (operand.kind) {
    case 'field':
      return [operand];
    case 'transformer':
      return operand.arguments.flatMap(fieldsIn);
    case 'list':
      return operand.items.flatMap(fieldsIn);
    case 'literal':
      return [];
  }
}
