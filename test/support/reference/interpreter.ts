// A plain interpreter of conditions, written after the rule language's description and independent of the compiler: what a compiled
// module's verdicts are held against. It is as slow as it is simple.

import type { Check, Expression, Operand } from '../../../host/compiler/conditions/ast.ts';
import { resolveNamed } from '../../../host/schema/fields/index.ts';
import { literals } from './check-constants.ts';
import { compareIntegers, constantsHold, listHolds, textHolds, textsOf } from './comparisons.ts';
import type { PlainValue as Value } from './derivation-value.ts';
import { fieldValue } from './field-value.ts';
import { operandValue } from './operand-value.ts';
import { ancestorsOf, type RawEvent } from './raw-record.ts';
import { endsHold, endsOf } from './socket-ends.ts';

/** Whether the condition, macros expanded, is true of the event. */
export function interpret(expression: Expression, event: RawEvent): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.children.every((child) => interpret(child, event));
    case 'or':
      return expression.children.some((child) => interpret(child, event));
    case 'not':
      return !interpret(expression.child, event);
    case 'check':
      return checkHolds(expression, event);
    case 'macro':
      throw new Error('macros come expanded');
  }
}

/** Fields that Falco compares on its own see the first value of a modifier, and numbers of them are never in a list. */
function limited(check: Check): Check | undefined {
  const { left, operator, modifier, right } = check;
  const ofEnds = left.kind === 'field' && /^fd\.(ip|port|net)$/.test(left.name);
  if (!ofEnds && !isAnyAncestor(left) && !isRawArgument(left)) return check;
  const listed = isListOperator(check);
  if (ofEnds ? operator === 'intersects' : listed && left.kind === 'field' && left.name === 'proc.apid')
    return undefined;
  if (modifier === undefined || right.kind !== 'values') return check;
  return { ...check, right: { ...right, values: right.values.slice(0, 1) } };
}

function checkHolds(written: Check, event: RawEvent): boolean {
  const check = limited(written);
  if (!check) return false;
  const ends = endsOf(check.left, event);
  if (ends) return endsHold(check, ends);
  if (isAnyAncestor(check.left)) {
    const values = ancestorValues(check.left.name, event);
    return values.some((value) => valueHolds(check, value, event));
  }
  const value = operandValue(check.left, event);
  if (isRawArgument(check.left) && value?.kind === 'integer' && isListOperator(check)) return false;
  return value !== undefined && valueHolds(check, value, event);
}

function isListOperator({ operator }: Check): boolean {
  return operator === 'in' || operator === 'intersects';
}

function isRawArgument(operand: Operand): boolean {
  return operand.kind === 'field' && operand.name.startsWith('evt.rawarg');
}

function isAnyAncestor(operand: Operand): operand is Operand & { readonly kind: 'field' } {
  if (operand.kind !== 'field') return false;
  const resolved = resolveNamed(operand.name, operand.argument);
  return resolved.ok && resolved.field.anyAncestor === true && resolved.argument === undefined;
}

function ancestorValues(name: string, event: RawEvent): readonly Value[] {
  return ancestorsOf(event.image).flatMap((_, index) => fieldValue(name, `${index + 1}`, event) ?? []);
}

function valueHolds(check: Check, value: Value, event: RawEvent): boolean {
  const { operator, right, modifier } = check;
  if (operator === 'exists') return true;
  if (right.kind === 'operand') {
    const other = operandValue(right.operand, event);
    if (!other) return false;
    const [items, among] = [textsOf(value), textsOf(other)];
    if (items && among && (operator === 'in' || operator === 'intersects')) return listHolds(operator, items, among);
    if (other.kind !== value.kind) return false;
    if (value.kind === 'text' && other.kind === 'text') return textHolds(operator, value.bytes, [other.bytes]);
    if (value.kind === 'integer' && other.kind === 'integer')
      return compareIntegers(operator, value.value, other.value);
    if (value.kind === 'boolean' && other.kind === 'boolean')
      return (value.value === other.value) !== (operator === '!=');
    if (value.kind === 'address' && other.kind === 'address')
      return Buffer.from(value.bytes).equals(other.bytes) !== (operator === '!=');
    return false;
  }
  const values = literals(check);
  if (modifier === undefined) return constantsHold(check, value, values, event.type);
  const count = values.filter((each) => constantsHold(check, value, [each], event.type)).length;
  return modifier === 'oneof' ? count === 1 : modifier === 'anyof' ? count > 0 : count > 0 && count === values.length;
}
