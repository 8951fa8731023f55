// The text of a value, byte for byte as Falco prints its type.

import { addressText } from './address.ts';
import { concatenate, encode, type FieldValue } from './value.ts';

const PRINTABLE_FIRST = 0x20;
const PRINTABLE_LAST = 0x7e;
const DOT = 0x2e;

/** The text of an absent value. */
export const NOT_AVAILABLE = '<NA>';

export function valueText(value: FieldValue): Uint8Array {
  switch (value.kind) {
    case 'text':
      return value.bytes;
    case 'buffer':
      return bufferText(value);
    case 'list':
      return concatenate([encode('('), concatenate(value.items, ','), encode(')')]);
    case 'integer':
      return encode(integerText(value.value, value.base));
    case 'double':
      return encode(value.value.toFixed(1));
    case 'boolean':
      return encode(value.value ? 'true' : 'false');
    case 'time':
      return encode(value.text);
    case 'address':
      return encode(addressText(value.bytes));
    case 'ends':
      return concatenate([valueText(value.local), valueText(value.remote)], ' ');
  }
}

/** Hexadecimal in capitals and octal, both without prefix. */
export function integerText(value: bigint, base: 8 | 10 | 16): string {
  return value.toString(base).toUpperCase();
}

export function bufferText({ bytes, base64 }: Extract<FieldValue, { kind: 'buffer' }>): Uint8Array {
  return base64 ? encode(Buffer.from(bytes).toString('base64')) : printable(bytes);
}

/** Each byte outside of printable ASCII as a dot. */
function printable(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte >= PRINTABLE_FIRST && byte <= PRINTABLE_LAST ? byte : DOT));
}
