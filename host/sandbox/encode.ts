// Writes the primitive encodings of the WebAssembly binary format, for the fuel instrumentation and the custom sections.

/** `value` (0 <= value < 2^32) as unsigned LEB128, in the shortest form. */
export function encodeU32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

/** `value` (-2^31 <= value < 2^31) as signed LEB128, in the shortest form. */
export function encodeS32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

/** A name with its length before it. */
export function encodeName(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  return concatenate([encodeU32(text.length), text]);
}

/** A section: id, size, content. */
export function encodeSection(id: number, content: Uint8Array): Uint8Array {
  return concatenate([[id], encodeU32(content.length), content]);
}

/** One array of all the bytes. */
export function concatenate(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
