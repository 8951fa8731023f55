// Checks of numbers, booleans and addresses with constants: `proc.pid in (1, 2)` becomes
//
//   i64(imagePid(image)) == 1 ||
//   i64(imagePid(image)) == 2

import { type Comparison, compareIntegers, constantAs, type IntegerComparison } from '../../schema/integers.ts';
import type { ValueType } from '../../schema/types.ts';
import { parseAddressConstant, parseNetwork } from '../conditions/address.ts';
import type { Check } from '../conditions/ast.ts';
import { portOf } from '../conditions/services.ts';
import { all, any, type Condition, constant, FALSE, holds, not } from '../ir/condition.ts';
import { arithmetic, call, compare, hexadecimal, integer, isThere, type Value, ZERO } from '../ir/value.ts';
import type { Operand } from './operand.ts';

export type NumberOperator = IntegerComparison;

/** A constant that the value can't be compared with. The type check finds most of them; this is the rest. */
export class ConstantError extends Error {
  override readonly name = 'ConstantError';
}

/** The value of an integer as rules write it: decimal, signed, of any size; blanks may stand before it. */
export function integerOf(text: string): bigint {
  if (!/^\s*[+-]?\d+$/.test(text)) throw new ConstantError(`"${text}" is not an integer`);
  return BigInt(text.trim().replace(/^\+/, ''));
}

/** A constant as a field of that type takes it: -1 is the largest number of an unsigned type. */
export function constantFor(text: string, type: ValueType | undefined): bigint {
  return constantAs(integerOf(text), type);
}

export function portNumber(text: string): bigint {
  const port = portOf(text);
  if (port === undefined) throw new ConstantError(`"${text}" is not a port or a known service`);
  return BigInt(port);
}

/** Whether the operand is a number that compares so with any of the values. */
export function checkNumber(operand: Operand, operator: NumberOperator, values: readonly bigint[]): Condition {
  switch (operand.kind) {
    case 'absent':
      return FALSE;
    case 'number':
      return any(values.map((value) => compareNumber(operand, operator, value)));
    case 'ends': {
      // Both must differ, from one and the same value.
      const each = values.map((value) => {
        const both = [checkNumber(operand.local, operator, [value]), checkNumber(operand.remote, operator, [value])];
        return operator === '!=' ? all(both) : any(both);
      });
      return any(each);
    }
    case 'either':
      return any([
        all([operand.condition, checkNumber(operand.value, operator, values)]),
        all([not(operand.condition), checkNumber(operand.otherwise, operator, values)]),
      ]);
    default:
      throw new Error(`a number operator on ${operand.kind}: the type check comes first`);
  }
}

const LARGEST = 2n ** 63n - 1n;

function compareNumber(
  operand: Extract<Operand, { kind: 'number' }>,
  operator: NumberOperator,
  value: bigint,
): Condition {
  if (!operand.unsigned && value > LARGEST) {
    // Larger than any value here: -1 as a constant of an unsigned type.
    if (!compareIntegers(0n, operator, value)) return FALSE;
    return operand.negativeIsAbsent ? holds(isNotNegative(operand.value), operand.scope) : constant(true);
  }
  const literal = operand.unsigned ? hexadecimal(BigInt.asUintN(64, value)) : integer(value);
  const known = knownInteger(operand.value);
  if (known !== undefined) return constant(compareIntegers(known, operator, value));
  const always = decidedByLeast(operand.least, operator, value);
  if (always !== undefined) return constant(always);
  const comparison = holds(compare(operand.value, comparisonOf(operator), literal), operand.scope);
  // Where what stands for "absent" compares so too, it has to be excluded.
  const excluded = operand.negativeIsAbsent && compareIntegers(-1n, operator, value);
  return excluded ? all([holds(isNotNegative(operand.value), operand.scope), comparison]) : comparison;
}

/** Where negative numbers stand for what is absent: it is there. */
export function isNotNegative(value: Value): Value {
  return compare(value, '>=', ZERO);
}

/** `i64(1)`: the number is the same on all events. */
function knownInteger(value: Value): bigint | undefined {
  if (value.node !== 'cast' || value.to !== 'i64') return undefined;
  return value.value.node === 'integer' ? value.value.value : undefined;
}

export function comparisonOf(operator: NumberOperator): Comparison {
  return operator === '=' ? '==' : operator;
}

/** The result of a comparison if it is the same for all numbers from `least` up; undefined otherwise. */
function decidedByLeast(least: bigint | undefined, operator: NumberOperator, value: bigint): boolean | undefined {
  if (least === undefined || value > least || value < 0n) return undefined;
  switch (operator) {
    case '=':
    case '==':
      return value < least ? false : undefined;
    case '!=':
      return value < least ? true : undefined;
    case '<':
      return false;
    case '>=':
      return true;
    case '<=':
      return value < least ? false : undefined;
    case '>':
      return value < least ? true : undefined;
  }
}

/** Whether the operand is there and true (or, wanted so, false). */
export function checkBoolean(operand: Operand, wanted: boolean): Condition {
  switch (operand.kind) {
    case 'absent':
      return FALSE;
    case 'boolean':
      return wanted ? operand.condition : not(operand.condition);
    case 'either':
      return any([
        all([operand.condition, checkBoolean(operand.value, wanted)]),
        all([not(operand.condition), checkBoolean(operand.otherwise, wanted)]),
      ]);
    default:
      throw new Error(`a boolean operator on ${operand.kind}: the type check comes first`);
  }
}

/**
 * Addresses: equal to one of the constants, or in one of the networks. `differs`: is neither; an address of the other version always
 * differs. Of both ends either may be equal, but both must differ.
 */
export function checkAddress(
  operand: Operand,
  values: readonly string[],
  networks: boolean,
  differs: boolean,
): Condition {
  switch (operand.kind) {
    case 'absent':
      return FALSE;
    case 'ends': {
      const both = [operand.local, operand.remote].map((end) => checkAddress(end, values, networks, differs));
      return differs ? all(both) : any(both);
    }
    case 'either':
      return any([
        all([operand.condition, checkAddress(operand.value, values, networks, differs)]),
        all([not(operand.condition), checkAddress(operand.otherwise, values, networks, differs)]),
      ]);
    case 'address': {
      const equal = any(values.map((value) => (networks ? inNetwork(operand, value) : isAddress(operand, value))));
      return all([holds(isThere(operand.value), operand.scope), differs ? not(equal) : equal]);
    }
    default:
      throw new Error(`an address operator on ${operand.kind}: the type check comes first`);
  }
}

type Address = Extract<Operand, { kind: 'address' }>;

function isAddress(operand: Address, text: string): Condition {
  const bytes = parseAddressConstant(text);
  if (!bytes) throw new ConstantError(`"${text}" is not an IP address`);
  return maskedTest(operand, bytes, bytes.length * 8);
}

function inNetwork(operand: Address, text: string): Condition {
  const network = parseNetwork(text);
  if (!network) throw new ConstantError(`"${text}" is not a network`);
  return maskedTest(operand, network.bytes, network.length);
}

function maskedTest(operand: Address, bytes: Uint8Array, length: number): Condition {
  const { value: address, scope } = operand;
  const v6 = holds(operand.v6, scope);
  const masks = bytes.map((_, index) => 0xff & (0xff00 >> Math.max(0, Math.min(8, length - index * 8))));
  const masked = bytes.map((byte, index) => byte & (masks[index] ?? 0));
  if (bytes.length === 4) {
    const [value, mask] = [bigEndian(masked, 0, 4), bigEndian(masks, 0, 4)];
    const read = call('ipv4', address);
    const loaded = mask === 0xffffffffn ? read : arithmetic(read, '&', hexadecimal(mask));
    return all([not(v6), mask === 0n ? constant(true) : holds(compare(loaded, '==', hexadecimal(value)), scope)]);
  }
  const half = (data: Uint8Array, from: number): Value => hexadecimal(littleEndian(data, from));
  const test = call('isInIpv6Net', address, half(masked, 0), half(masks, 0), half(masked, 8), half(masks, 8));
  return all([v6, holds(test, scope, 2)]);
}

function bigEndian(bytes: Uint8Array, from: number, count: number): bigint {
  let value = 0n;
  for (let index = from; index < from + count; index++) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return value;
}

function littleEndian(bytes: Uint8Array, from: number): bigint {
  let value = 0n;
  for (let index = from + 7; index >= from; index--) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return value;
}

/** A check's operator on a number. */
export function numberOperator(operator: Check['operator']): NumberOperator {
  switch (operator) {
    case '=':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return operator;
    default:
      throw new ConstantError(`operator ${operator} does not apply to numbers`);
  }
}
