// Which numbers have a sign, for tests: written after what the schema says of its records' members, of derivations and of types, apart
// from what conditions and outputs go by (host/schema/fields/number-range.ts, host/schema/integers.ts).

import type { NumberDerivation } from '../../../host/schema/fields/derivation.ts';
import { member } from '../../../host/schema/layout.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { STRUCTS } from './raw-record.ts';

/** Whether it is kept in 64 bits of which one is the sign. All but the largest unsigned numbers fit these. */
export function hasSign(derivation: NumberDerivation): boolean {
  switch (derivation.node) {
    case 'numberOf':
      return member(STRUCTS[derivation.of], derivation.member).type !== 'u64';
    case 'asType':
      return asType(-1n, derivation.type) < 2n ** 63n;
    case 'numberIf':
      return hasSign(derivation.value) || hasSign(derivation.otherwise);
    case 'arithmetic': {
      // A constant on the right leaves the number on the left what it is.
      const isConstant = derivation.right.node === 'number' || derivation.right.node === 'flag';
      return hasSign(derivation.left) || (!isConstant && hasSign(derivation.right));
    }
    default:
      return true;
  }
}

/** The number as a field of the type has it: it wraps at the type's size. */
export function asType(value: bigint, type: ValueType): bigint {
  if (/TIME$/.test(type)) return BigInt.asUintN(64, value);
  if (type === 'SIGTYPE') return BigInt.asUintN(8, value);
  if (/^(MODE|UID|GID)$/.test(type)) return BigInt.asUintN(32, value);
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 64);
  return /^(UINT|FLAGS|ENUMFLAGS)/.test(type) ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
}
