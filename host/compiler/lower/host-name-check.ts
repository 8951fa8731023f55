// fd.sip.name and such: the names in the rule have addresses, which change. The event's address is looked up among them
// while the rule is evaluated: `fd.sip.name = example.com` compiles to
// `isNamed(fdSip(event), descriptorKind(event) == 54, 0xa5b9afeef6a679a3) && fdSip(event) != 0`, with the key of the name.

import { nameKey } from '../../schema/names.ts';
import type { Check } from '../conditions/ast.ts';
import { addressOfName, hostNamesIn } from '../conditions/host-names.ts';
import { all, any, type Condition, exactlyOne, FALSE, holds, not } from '../ir/condition.ts';
import { call, hexadecimal, isThere } from '../ir/value.ts';
import { fieldOperand, knownField } from './field.ts';
import type { LoweringContext } from './operand.ts';

/** Beside a comparison of numbers. */
const LOOKUP_COST = 4;

/** Whether a check compares names of addresses, of events whose addresses are known. */
export function comparesNames({ left }: Check, { given }: LoweringContext): boolean {
  return !given && left.kind === 'field' && addressOfName(left.name) !== undefined;
}

export function nameCheck(check: Check, context: LoweringContext): Condition {
  const { left, operator, modifier } = check;
  const field = left.kind === 'field' ? (addressOfName(left.name) ?? '') : '';
  const address = fieldOperand(knownField(field, undefined, context.type), context);
  if (address.kind !== 'address') return FALSE;
  const { scope } = address;
  const there = holds(isThere(address.value), scope);
  const each = hostNamesIn(check).map((name) =>
    holds(call('isNamed', address.value, address.v6, hexadecimal(nameKey(name))), scope, LOOKUP_COST),
  );
  switch (operator) {
    case '=':
    case '==':
    case 'in':
    case 'intersects':
      return all([there, modifier === 'oneof' ? exactlyOne(each) : modifier === 'allof' ? all(each) : any(each)]);
    case '!=':
      return all([there, modifier === undefined ? not(any(each)) : any(each.map(not))]);
    default:
      context.warn('condition-not-supported', `${field}.name ${operator} is never true: only whole names are compared`);
      return FALSE;
  }
}
