// static.NAME in rules: constants that the configuration gives (static_fields), in place before types are checked.

import type { Check, Expression, FieldOperand, Operand, TransformerArgument } from './ast.ts';
import { fieldsIn } from './fields-of.ts';
import { ConditionTypeError, WrongCheck } from './type-of.ts';

/** Values by name. */
export type StaticFields = Readonly<Record<string, string>>;

const PREFIX = 'static.';

/**
 * The condition with values in the place of static fields.
 * @throws WrongCheck for one that has no value
 */
export function withStaticValues(expression: Expression, statics: StaticFields): Expression {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const children = expression.children.map((child) => withStaticValues(child, statics));
      return children.every((child, index) => child === expression.children[index])
        ? expression
        : { ...expression, children };
    }
    case 'not': {
      const child = withStaticValues(expression.child, statics);
      return child === expression.child ? expression : { ...expression, child };
    }
    case 'check':
      return inCheck(expression, statics);
    case 'macro':
      return expression;
  }
}

/** Fields of an operand that are static and have no value. */
export function unknownStatics(operand: Operand, statics: StaticFields): FieldOperand[] {
  return fieldsIn(operand).filter((field) => isStatic(field) && constantOf(field, statics) === undefined);
}

export function unknownStaticHelp(statics: StaticFields): string {
  const names = Object.keys(statics);
  const known = names.length === 0 ? 'none are set' : `known: ${names.join(', ')}`;
  return `static fields are set by static_fields in the configuration, or by --static NAME=VALUE; ${known}`;
}

/** The operand with values in the place of the static fields that have one. */
export function withStaticOperands(operand: Operand, statics: StaticFields): Operand {
  if (operand.kind === 'transformer') {
    if (!fieldsIn(operand).some(isStatic)) return operand;
    return { ...operand, arguments: operand.arguments.map((argument) => inArgument(argument, statics)) };
  }
  const value = isStatic(operand) ? constantOf(operand, statics) : undefined;
  if (value === undefined) return operand;
  const { span } = operand;
  const literal = (text: string) => ({ kind: 'literal', text, quoted: true, span }) as const;
  // No operand is a constant alone; this is one, and everything that takes operands takes it.
  return { kind: 'transformer', name: 'concat', arguments: [literal(value), literal('')], span };
}

function inArgument(argument: TransformerArgument, statics: StaticFields): TransformerArgument {
  switch (argument.kind) {
    case 'field':
    case 'transformer':
      return withStaticOperands(argument, statics);
    case 'list':
      return {
        ...argument,
        items: argument.items.map((item) => (item.kind === 'literal' ? item : withStaticOperands(item, statics))),
      };
    case 'literal':
      return argument;
  }
}

function inCheck(check: Check, statics: StaticFields): Check {
  const { left, right } = check;
  const operands = right.kind === 'operand' ? [left, right.operand] : [left];
  if (!operands.some((operand) => fieldsIn(operand).some(isStatic))) return check;
  const [unknown] = operands.flatMap((operand) => unknownStatics(operand, statics));
  if (unknown) {
    const options = { help: unknownStaticHelp(statics), unknown: true };
    throw new WrongCheck(check, new ConditionTypeError(`unknown field ${unknown.name}`, unknown.span, options));
  }
  return {
    ...check,
    left: withStaticOperands(left, statics),
    right: right.kind === 'operand' ? { ...right, operand: withStaticOperands(right.operand, statics) } : right,
  };
}

function isStatic({ name }: FieldOperand): boolean {
  return name.startsWith(PREFIX);
}

function constantOf({ name }: FieldOperand, statics: StaticFields): string | undefined {
  const key = name.slice(PREFIX.length);
  return Object.hasOwn(statics, key) ? statics[key] : undefined;
}
