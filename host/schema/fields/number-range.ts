// What is known of a number at compile time: whether it has a sign, how many bits it takes.

import { EVENT_HEADER } from '../event-structs.ts';
import { integerFormat } from '../integers.ts';
import { type MemberType, member } from '../layout.ts';
import { ACCESSOR_OWNERS } from './accessors.ts';
import { flagValue, type NumberDerivation } from './derivation.ts';

function memberType({ of, member: name }: Extract<NumberDerivation, { node: 'numberOf' }>): MemberType {
  return member(ACCESSOR_OWNERS[of] ?? EVENT_HEADER, name).type;
}

/** Whether it is an unsigned number of 64 bits: smaller ones fit a signed one. */
export function isUnsigned(derivation: NumberDerivation): boolean {
  switch (derivation.node) {
    case 'number':
    case 'flag':
    case 'renumbered':
    case 'lengthOf':
    case 'call':
      return false;
    case 'asType': {
      const { bits, signed } = integerFormat(derivation.type);
      return bits === 64 && !signed;
    }
    case 'numberOf':
      return memberType(derivation) === 'u64';
    case 'arithmetic': {
      const { left, right } = derivation;
      return isUnsigned(left) && (right.node === 'number' || right.node === 'flag' || isUnsigned(right));
    }
    case 'numberIf':
      return isUnsigned(derivation.value) && isUnsigned(derivation.otherwise);
  }
}

const BITS: Readonly<Partial<Record<MemberType, number>>> = { u8: 8, u16: 16, u32: 32 };

/** Most bits of an unsigned number; 64 if it may be negative. */
export function bitsOf(derivation: NumberDerivation): number {
  switch (derivation.node) {
    case 'number':
      return derivation.value < 0n ? 64 : derivation.value.toString(2).length;
    case 'flag':
      return flagValue(derivation).toString(2).length;
    case 'numberOf':
      return BITS[memberType(derivation)] ?? 64;
    case 'arithmetic': {
      const { operator, left, right } = derivation;
      if (operator === '&') return Math.min(bitsOf(left), bitsOf(right));
      if (operator === '|') return Math.max(bitsOf(left), bitsOf(right));
      if (right.node !== 'number') return 64;
      if (operator === '<<') return bitsOf(left) + Number(right.value);
      return operator === '>>' ? bitsOf(left) - Number(right.value) : 64;
    }
    case 'asType': {
      const { bits, signed } = integerFormat(derivation.type);
      return signed ? 64 : bits;
    }
    case 'renumbered':
    case 'lengthOf':
      return 32;
    case 'numberIf':
      return Math.max(bitsOf(derivation.value), bitsOf(derivation.otherwise));
    case 'call':
      return 64;
  }
}
