// Estimates the memory that a kept alert takes.

import type { FieldValue } from '../../fields/value.ts';
import type { Alert } from '../../outputs/alert.ts';
import type { KeyedValue } from '../../outputs/message.ts';

/** About what V8 takes for a value beyond its bytes: the objects of the value, of its array and of its buffer. */
const VALUE_OVERHEAD = 300;

export function bytesOf({ message, fields, details = [] }: Alert): number {
  return 2 * message.length + valueBytes(fields) + valueBytes(details);
}

/**
 * Estimates an alert without details, without a look at each value: most are forgotten when the next one has come. Values are taken to be as long as
 * what the message has of them.
 */
export function roughBytesOf({ message, fields }: Alert): number {
  return 3 * message.length + VALUE_OVERHEAD * fields.length;
}

function valueBytes(values: readonly KeyedValue[]): number {
  let sum = 0;
  for (const { value } of values) if (value) sum += VALUE_OVERHEAD + payloadOf(value);
  return sum;
}

function payloadOf(value: FieldValue): number {
  if (value.kind === 'list') return value.items.reduce((sum, { length }) => sum + VALUE_OVERHEAD + length, 0);
  if (value.kind === 'ends') return 2 * VALUE_OVERHEAD + payloadOf(value.local) + payloadOf(value.remote);
  return 'bytes' in value ? value.bytes.length : 0;
}
