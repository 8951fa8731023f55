// Reads fields of a block one after the other, within its bytes.

import { viewOf } from './blocks.ts';
import { ScapError } from './error.ts';

export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  s64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** An id in 64 bits. */
  id(): number {
    return Number(BigInt.asIntN(48, this.s64()));
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A text with its length in 16 bits before it; a copy. */
  text(): Uint8Array {
    return this.bytes(this.u16()).slice();
  }

  /** An entry of a list: its length in 32 bits counts itself. */
  entry(): Cursor {
    const length = this.u32();
    if (length < 4 || length - 4 > this.left) {
      throw new ScapError('SCAP_ENTRY', `an entry of a list has a length of ${length}`);
    }
    return new Cursor(this.bytes(length - 4));
  }

  #take(length: number): number {
    if (length > this.left) throw new ScapError('SCAP_ENTRY', 'an entry of a list ends within a field');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
