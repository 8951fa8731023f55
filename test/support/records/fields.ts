// Holds the fields of an event against the texts that they should have.

import assert from 'node:assert/strict';
import type { ReadContext } from '../../../host/fields/context.ts';
import { readField } from '../../../host/fields/read.ts';
import type { EventRecord } from '../../../host/fields/record.ts';
import { NOT_AVAILABLE, valueText } from '../../../host/fields/text.ts';
import { decode } from '../../../host/fields/value.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';

/** The session of the tests began 5 ns before this, ns since the epoch. */
export const EVENT_TIME = 1795528388365763965n;

/** Of a node that is replayed. */
export const CONTEXT: ReadContext = {
  sessionStart: EVENT_TIME - 5n,
  hostname: 'node-1',
  isoTime: false,
  isLive: false,
};

/** A field's text, `<NA>` when it is absent. `name` is written as in a rule. */
export function shown(event: EventRecord, name: string, context: Partial<ReadContext> = {}): string {
  const resolved = resolveField(name);
  if (!resolved.ok) throw new Error(`${name}: ${resolved.reason}`);
  const value = readField(event, resolved.field, resolved.argument, { ...CONTEXT, ...context });
  return value ? decode(valueText(value)) : NOT_AVAILABLE;
}

/** `expected` maps fields to texts. */
export function check(
  event: EventRecord,
  expected: Readonly<Record<string, string>>,
  context: Partial<ReadContext> = {},
): void {
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, shown(event, name, context)]));
  assert.deepEqual(actual, expected);
}
