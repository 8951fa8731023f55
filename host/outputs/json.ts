// JSON with integers of any size and members in Falco's order: sorted by key.

import { quote } from '../diagnostics/escape.ts';
import { addressText } from '../fields/address.ts';
import { bufferText, integerText } from '../fields/text.ts';
import { decode, type FieldValue } from '../fields/value.ts';

/** An object of members that are already JSON. Of duplicate keys the last one is used. */
export function object(members: Iterable<readonly [key: string, json: string]>): string {
  const sorted = [...new Map(members)].sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, json]) => `${quote(key)}:${json}`).join(',')}}`;
}

/** A field's value: null when absent, a string for numbers that Falco shows in another base than ten, an array for lists. */
export function valueJson(value: FieldValue | undefined): string {
  switch (value?.kind) {
    case undefined:
      return 'null';
    case 'text':
      return quote(decode(value.bytes));
    case 'buffer':
      return quote(decode(bufferText(value)));
    case 'integer':
      return value.base === 10 ? String(value.value) : quote(integerText(value.value, value.base));
    case 'double':
      return doubleJson(value.value);
    case 'boolean':
      return String(value.value);
    case 'time':
      return String(value.nanoseconds);
    case 'address':
      return quote(addressText(value.bytes));
    case 'ends':
      return `[${valueJson(value.local)},${valueJson(value.remote)}]`;
    case 'list':
      return `[${value.items.map((item) => quote(decode(item))).join(',')}]`;
  }
}

function doubleJson(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
