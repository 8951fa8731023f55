// A field's value on its way from memory to an alert: plain data, so that it crosses from the worker as it is.

/** A value that is compared as one. */
export type SingleValue =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  /** Bytes that are not text: shown with dots for unprintable bytes, or in base64. */
  | { readonly kind: 'buffer'; readonly bytes: Uint8Array; readonly base64?: true }
  | { readonly kind: 'integer'; readonly value: bigint; readonly base: 8 | 10 | 16 }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** A point in time with its text; JSON has the nanoseconds. */
  | { readonly kind: 'time'; readonly nanoseconds: bigint; readonly text: string }
  /** 4 bytes or 16. */
  | { readonly kind: 'address'; readonly bytes: Uint8Array }
  | { readonly kind: 'list'; readonly items: readonly Uint8Array[] };

export type FieldValue =
  | SingleValue
  /** Both ends of a connection (fd.ip): conditions compare them, outputs print neither (readField()). The page shows them. */
  | { readonly kind: 'ends'; readonly local: SingleValue; readonly remote: SingleValue };

/** A field that has no value on this event. */
export type Absent = undefined;

const ENCODER = new TextEncoder();

/** Encodes into a separate buffer: with a slice of Node's shared pool, sending would copy the whole pool. */
export function encode(text: string): Uint8Array {
  return ENCODER.encode(text);
}

export function text(value: Uint8Array | string): SingleValue {
  return { kind: 'text', bytes: typeof value === 'string' ? encode(value) : value };
}

export function buffer(bytes: Uint8Array, base64 = false): SingleValue {
  return { kind: 'buffer', bytes, ...(base64 && { base64 }) };
}

export function integer(value: bigint | number, base: 8 | 10 | 16 = 10): SingleValue {
  return { kind: 'integer', value: BigInt(value), base };
}

export function boolean(value: boolean): SingleValue {
  return { kind: 'boolean', value };
}

export function concatenate(parts: readonly Uint8Array[], separator: Uint8Array | string = ''): Uint8Array {
  const between = typeof separator === 'string' ? encode(separator) : separator;
  let size = Math.max(parts.length - 1, 0) * between.length;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (index > 0) {
      joined.set(between, at);
      at += between.length;
    }
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Splits at NULs; a text after the last NUL counts as an item. */
export function splitAtNul(bytes: Uint8Array): Uint8Array[] {
  const items: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0, start);
    items.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    if (end < 0) break;
    start = end + 1;
  }
  return items;
}

/** The value of NAME in `NAME=value` items (or with another separator), each ended by a NUL. */
export function findByKey(items: Uint8Array, key: string, separator = '='): Uint8Array | undefined {
  const wanted = encode(key + separator);
  return splitAtNul(items)
    .find((item) => item.length >= wanted.length && wanted.every((byte, index) => item[index] === byte))
    ?.slice(wanted.length);
}

/** Decodes for showing: invalid UTF-8 becomes U+FFFD; a byte order mark is kept. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Bytes as characters 0 to 255: no byte is lost, whatever the text is. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
