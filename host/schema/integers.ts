// How integers of Falco's types are kept: a value or constant beyond the type's size wraps.

import type { ValueType } from './types.ts';

/** Width in bits, negative where signed; 64 bits with a sign for all others. */
const WIDTHS: Readonly<Partial<Record<ValueType, number>>> = {
  INT8: -8,
  INT16: -16,
  INT32: -32,
  UINT8: 8,
  UINT16: 16,
  UINT32: 32,
  UINT64: 64,
  RELTIME: 64,
  ABSTIME: 64,
  UID: 32,
  GID: 32,
  FLAGS8: 8,
  FLAGS16: 16,
  FLAGS32: 32,
  ENUMFLAGS8: 8,
  ENUMFLAGS16: 16,
  ENUMFLAGS32: 32,
  MODE: 32,
  SIGTYPE: 8,
};

/** How wide an integer of the type is, in bits, and whether it has a sign. */
export function integerFormat(type: ValueType | undefined): { readonly bits: number; readonly signed: boolean } {
  const width = (type && WIDTHS[type]) ?? -64;
  return { bits: Math.abs(width), signed: width < 0 };
}

/** The number as a field of the type has it: 4294967295 is -1 as INT32. */
export function asInteger(value: bigint, type: ValueType | undefined): bigint {
  const { bits, signed } = integerFormat(type);
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** A constant as a field of the type takes it: cut to 64 bits first. -1 is the largest number of an unsigned type. */
export function constantAs(value: bigint, type: ValueType | undefined): bigint {
  const [least, most] = integerFormat(type).signed
    ? [-(2n ** 63n), 2n ** 63n - 1n]
    : [-(2n ** 64n - 1n), 2n ** 64n - 1n];
  return asInteger(value < least ? least : value > most ? most : value, type);
}

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** Rules have two signs for equality. */
export type IntegerComparison = Comparison | '=';

export function compareIntegers(left: bigint, operator: IntegerComparison, right: bigint): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
