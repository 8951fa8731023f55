// Bounded reads of the sandbox's memory. Offsets and lengths come from records that traced processes can influence:
// nothing here reads outside the memory, whatever a record contains.

import type { Member } from '../schema/layout.ts';

/** Longest string that is taken from a record; the kernel's own limits (argv and environment) lie below it. */
export const LONGEST_STRING = 256 * 1024;

/** What a member holds: u8..u32 and i32 as number, 64-bit ones as bigint, bytes for the rest; undefined for an absent string. */
export type MemberValue = number | bigint | Uint8Array | undefined;

/** 0 of what holds no number. */
export function bigOf(value: MemberValue): bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : 0n;
}

export function bytesOf(value: MemberValue): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

export class EventMemory {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  /** `buffer` is a WebAssembly.Memory's buffer, or any bytes laid out like a part of it. */
  constructor(buffer: ArrayBufferLike, offset = 0, length = buffer.byteLength - offset) {
    this.#view = new DataView(buffer, offset, length);
    this.#bytes = new Uint8Array(buffer, offset, length);
  }

  /** Whether `length` bytes from `address` lie within the memory. Address 0 is the null area and holds nothing. */
  holds(address: number, length: number): boolean {
    return address > 0 && length >= 0 && address + length <= this.#bytes.length;
  }

  u8(address: number): number {
    return this.#view.getUint8(address);
  }

  u16(address: number): number {
    return this.#view.getUint16(address, true);
  }

  u32(address: number): number {
    return this.#view.getUint32(address, true);
  }

  /** A copy; empty when the range does not lie within the memory. */
  copy(address: number, length: number): Uint8Array {
    if (!this.holds(address, length)) return new Uint8Array(0);
    return this.#bytes.slice(address, address + length);
  }

  /**
   * The string that the string_ref at `reference` describes, relative to `base`. Undefined when it is absent (offset 0).
   * The sum wraps at 2^32: completed texts lie in the scratch region, which may be below the record.
   */
  string(base: number, reference: number): Uint8Array | undefined {
    const offset = this.u32(reference);
    if (offset === 0) return undefined;
    const length = Math.min(this.u32(reference + 4), LONGEST_STRING);
    return this.copy((base + offset) >>> 0, length);
  }

  /** A member of the struct at `base`; `index` counts array elements. The caller has checked that the struct lies within the memory. */
  member(base: number, member: Member, index = 0): MemberValue {
    const address = base + member.offset;
    switch (member.type) {
      case 'u8':
        return this.u8(address);
      case 'u16':
        return this.u16(address);
      case 'u32':
        return this.u32(address + 4 * index);
      case 'i32':
        return this.#view.getInt32(address, true);
      case 'u64':
        return this.#view.getBigUint64(address + 8 * index, true);
      case 'i64':
        return this.#view.getBigInt64(address, true);
      case 'string':
        return this.string(base, address);
      case 'address':
        return this.copy(address, member.size);
      case 'comm':
        return untilNul(this.copy(address, member.size));
    }
  }
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
