// What an alert prints of a field is what its derivation says, by the tests' own evaluation: for every field that has one, on records with
// members at their limits. WASPREY_TEST_RECORDS sets the number of events, WASPREY_TEST_SEED repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { useAccounts } from '../../../host/fields/account-names.ts';
import { readField } from '../../../host/fields/read.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import type { FieldValue } from '../../../host/fields/value.ts';
import { resolveField } from '../../../host/schema/fields/index.ts';
import type { ValueType } from '../../../host/schema/types.ts';
import { putRecords, randomRecords } from '../../support/random/records-at-limits.ts';
import { RecordMemory } from '../../support/records/records.ts';
import { derivedFields, isDateText, parameterFields, valueType } from '../../support/records/schema-fields.ts';
import type { PlainValue } from '../../support/reference/derivation-value.ts';
import { valueOfField } from '../../support/reference/field-value.ts';
import { rawEventAt } from '../../support/reference/raw-record.ts';
import { asType } from '../../support/reference/signedness.ts';

const RECORDS = Number(process.env.WASPREY_TEST_RECORDS ?? 1500);
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 20_28);
const CONTEXT = { sessionStart: 0n, hostname: 'test', isoTime: false, isLive: false };

/** The value as the tests' evaluation has it. */
function plain(value: FieldValue | undefined, type: ValueType): PlainValue | undefined {
  const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  switch (value?.kind) {
    case undefined:
      return undefined;
    case 'text':
    case 'buffer':
      return { kind: 'text', bytes: latin1(value.bytes) };
    case 'list':
      return { kind: 'list', items: value.items.map(latin1) };
    case 'integer':
      // In hexadecimal, output shows numbers of INT32 without their sign.
      return { kind: 'integer', value: asType(value.value, type) };
    case 'boolean':
      return value;
    case 'address':
      return { kind: 'address', bytes: Uint8Array.from(value.bytes) };
    case 'double':
    case 'time':
      assert.fail(`no field with a derivation is a ${value.kind}`);
  }
}

function asTyped(value: PlainValue | undefined, type: ValueType): PlainValue | undefined {
  return value?.kind === 'integer' ? { ...value, value: asType(value.value, type) } : value;
}

useAccounts(new Map(), new Map());
const NAMES = [...derivedFields(), ...parameterFields('evt.arg'), ...parameterFields('evt.rawarg')];
const FIELDS = NAMES.map((text) => {
  const resolved = resolveField(text);
  assert.ok(resolved.ok, text);
  return { text, field: resolved.field, argument: resolved.argument };
});

test(`output has the values that derivations say (seed ${SEED})`, () => {
  let present = 0;
  for (const sample of fc.sample(randomRecords, { numRuns: RECORDS, seed: SEED })) {
    const memory = new RecordMemory();
    const { event: address } = putRecords(memory, sample);
    const record = EventRecord.at(memory.memory, address);
    assert.ok(record);
    const raw = rawEventAt(memory.buffer, address);
    for (const { text, field, argument } of FIELDS) {
      if (isDateText(field, argument)) continue;
      const type = valueType(field, argument, sample.type);
      const expected = asTyped(valueOfField(field, argument, raw), type);
      assert.deepEqual(plain(readField(record, field, argument, CONTEXT), type), expected, `${text} of ${sample.type}`);
      if (expected) present++;
    }
  }
  assert.ok(present > (RECORDS * derivedFields().length) / 3, `${present} values`);
});
