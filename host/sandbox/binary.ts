// Reads the primitive encodings of the WebAssembly binary format (specification, chapter "Binary Format", "Values").
// Every read is bounded by `end`; LEB128 is accepted in exactly the lengths and with the unused bits that the specification allows.

import { SandboxError } from './error.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A cursor over [offset, end) of a module's bytes. Throws SandboxError `malformed` on anything that is not well-formed. */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  /** One byte. */
  byte(): number {
    if (this.offset >= this.end) throw this.malformed('unexpected end');
    // Within the bounds just checked, so never undefined.
    return this.bytes[this.offset++] as number;
  }

  /** An unsigned LEB128 number of 32 bits: at most 5 bytes, the fifth with its upper bits zero. */
  u32(): number {
    const first = this.byte();
    // Nearly all numbers in real modules take one byte.
    if (first < 0x80) return first;
    const start = this.offset - 1;
    let value = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) throw this.malformed('number longer than 32 bits', start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** A signed LEB128 number of 32 bits. */
  s32(): number {
    return this.signed(32);
  }

  /** A signed LEB128 number of 33 bits, as block types are encoded. */
  s33(): number {
    return this.signed(33);
  }

  /** Passes over a signed LEB128 number of 64 bits; the sandbox does not need its value. */
  skipS64(): void {
    const start = this.offset;
    for (let count = 1; ; count++) {
      const byte = this.byte();
      // The tenth byte holds bit 63 and its sign extension: all seven bits alike.
      if (count === 10 && byte !== 0x00 && byte !== 0x7f) throw this.malformed('number longer than 64 bits', start);
      if (byte < 0x80) return;
    }
  }

  /** Passes over `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.offset) throw this.malformed('unexpected end');
    this.offset += count;
  }

  /** A reader of the next `length` bytes, which this one then has passed over. */
  slice(length: number): ByteReader {
    const start = this.offset;
    this.skip(length);
    return new ByteReader(this.bytes, start, this.offset);
  }

  /** A length-prefixed UTF-8 name. */
  name(): string {
    const start = this.offset;
    const length = this.u32();
    const from = this.offset;
    this.skip(length);
    try {
      return UTF8.decode(this.bytes.slice(from, this.offset));
    } catch {
      throw this.malformed('name is not valid UTF-8', start);
    }
  }

  /** Refuses what is left over at the end of a section or a body. */
  expectEnd(what: string): void {
    if (this.offset !== this.end)
      throw this.malformed(`${this.end - this.offset} bytes too many at the end of ${what}`);
  }

  malformed(reason: string, offset = this.offset): SandboxError {
    return new SandboxError('malformed', reason, { offset });
  }

  /** A signed LEB128 number of 32 or 33 bits, exact as a double. */
  private signed(bits: 32 | 33): number {
    const start = this.offset;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift === 28) {
        // Bits of the fifth byte from the sign bit up must all be alike.
        const sign = bits === 32 ? 0x78 : 0x70;
        const upper = byte & sign;
        if (byte >= 0x80 || (upper !== 0 && upper !== sign)) {
          throw this.malformed(`number longer than ${bits} bits`, start);
        }
      }
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
    }
  }
}
