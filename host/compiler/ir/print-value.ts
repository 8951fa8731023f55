// A value as an AssemblyScript expression. Values with the same expression are the same, so that it is a part of the keys of conditions.

import { accessorName } from '../../schema/fields/accessors.ts';
import type { Comparison } from '../../schema/integers.ts';
import type { Arithmetic, Value } from './value.ts';

/** `descriptorName(event)`, `(openOpenFlags(event) & 3) == 1`. */
export function printValue(value: Value): string {
  switch (value.node) {
    case 'variable':
      return value.name;
    case 'integer':
      return printInteger(value.value, value.hexadecimal ?? false);
    case 'boolean':
      return `${value.value}`;
    case 'member': {
      const index = value.index === undefined ? '' : `, ${value.index}`;
      return `${accessorName(value.owner, value.name)}(${printValue(value.of)}${index})`;
    }
    case 'flag':
      return `${value.table}_${value.name}`;
    case 'call':
      return `${value.operator}(${value.arguments.map(printValue).join(', ')})`;
    case 'function':
      return `${value.name}(${value.arguments.map(printValue).join(', ')})`;
    case 'cast':
      return `${value.to}(${printValue(value.value)})`;
    case 'arithmetic': {
      const { operator, left, right } = value;
      return `${printWithin(left, operator)} ${operator} ${printWithin(right, operator)}`;
    }
    case 'byte':
      return `load<u8>(${printValue(value.address)}, ${value.offset})`;
    case 'choice':
      return `${printWithin(value.condition, '?')} ? ${printWithin(value.then, '?')} : ${printWithin(value.otherwise, '?')}`;
    case 'comparison':
      return `${printWithin(value.left, value.operator)} ${value.operator} ${printWithin(value.right, value.operator)}`;
    case 'oneOf': {
      const number = printWithin(value.value, '>>');
      return `${number} < 64 && ((u64(${printInteger(value.set, true)}) >> ${number}) & 1) != 0`;
    }
    default:
      return value satisfies never;
  }
}

/** Whether both print the same. */
export function sameValue(a: Value, b: Value): boolean {
  return a === b || printValue(a) === printValue(b);
}

function printInteger(value: bigint, hexadecimal: boolean): string {
  if (hexadecimal) return `0x${value.toString(16)}`;
  return value === -(2n ** 63n) ? 'i64.MIN_VALUE' : `${value}`;
}

const ADDS = /^[-+*/%]$/;
const COMPARES = /^[=!<>]=$|^[<>]$/;

/** An operand of an operator: in parentheses, unless the precedence is well known. */
export function printWithin(value: Value, operator: Arithmetic | Comparison | '&&' | '?' | '!'): string {
  const text = printValue(value);
  switch (value.node) {
    case 'arithmetic': {
      const plain = COMPARES.test(operator) ? ADDS.test(value.operator) : value.operator === '|' && operator === '|';
      return plain ? text : `(${text})`;
    }
    case 'comparison':
      return operator === '&&' || operator === '?' ? text : `(${text})`;
    case 'choice':
    case 'oneOf':
      return `(${text})`;
    case 'variable':
    case 'integer':
    case 'boolean':
    case 'member':
    case 'flag':
    case 'call':
    case 'function':
    case 'cast':
    case 'byte':
      return text;
    default:
      return value satisfies never;
  }
}
