// Which values of JSON are events, and what time they have.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampOf } from '../../../host/audit/events/event-time.ts';
import { findEvents } from '../../../host/audit/events/find-events.ts';
import { JsonScanner } from '../../../host/audit/json/scan.ts';
import { JsonValues } from '../../../host/audit/json/values.ts';

const TIME = '"stageTimestamp":"2024-01-02T03:04:05.1Z"';
const EVENT = `{"kind":"Event",${TIME}}`;

/** How many events a text has, and what is refused of it. */
function found(text: string): readonly [number, readonly string[]] {
  const scanner = new JsonScanner();
  scanner.scan(Buffer.from(text));
  const { events, refused } = findEvents(new JsonValues(scanner), () => 7n);
  return [events.length, refused];
}

test('an event, a list of events, an array of both', () => {
  assert.deepEqual(found(EVENT), [1, []]);
  assert.deepEqual(found(`{"kind":"EventList","items":[{${TIME}},{"kind":"Pod",${TIME}}]}`), [2, []]);
  assert.deepEqual(found(`[${EVENT},[${EVENT}],{"kind":"EventList","items":[{${TIME}}]}]`), [3, []]);
  assert.deepEqual(found('[]'), [0, []]);
});

test('anything else is refused, each by itself', () => {
  for (const text of ['{}', '1', 'null', '"Event"', '{"kind":"Pod"}', '{"kind":5}', '{"kind":"EventList"}'])
    assert.deepEqual(found(text), [0, ['not-an-event']], text);
  assert.deepEqual(found('{"kind":"EventList","items":[]}'), [0, ['not-an-event']]);
  assert.deepEqual(found(`[${EVENT},{"kind":"Pod"},${EVENT}]`), [2, ['not-an-event']]);
  assert.deepEqual(found(`{"kind":"EventList","items":[{},{${TIME}},7]}`), [1, ['no-time', 'no-time']]);
  for (const time of ['5', 'null', '"yesterday"', '"2024-01-02 03:04:05Z"', '"2024-01-02T03:04:05"'])
    assert.deepEqual(found(`{"kind":"Event","stageTimestamp":${time}}`), [0, ['no-time']], time);
});

test('times are of nanoseconds, with any offset', () => {
  const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
  assert.equal(timestampOf('2024-01-02T03:04:05Z'), at('2024-01-02T03:04:05Z'));
  assert.equal(timestampOf('2024-01-02T03:04:05.123456789+02:00'), at('2024-01-02T01:04:05.123Z') + 456_789n);
  assert.equal(timestampOf('2024-02-29T23:59:59.000000001-00:30'), at('2024-03-01T00:29:59Z') + 1n);
  for (const text of ['2023-02-29T00:00:00Z', '2024-13-01T00:00:00Z', '2024-01-01T24:00:00Z', '1969-12-31T23:59:59Z'])
    assert.equal(timestampOf(text), undefined, text);
  assert.equal(timestampOf('9999-01-01T00:00:00Z'), undefined);
});

test("an event whose time is Go's zero happens now", () => {
  const scanner = new JsonScanner();
  scanner.scan(Buffer.from('{"kind":"Event","stageTimestamp":"0001-01-01T00:00:00Z"}'));
  assert.deepEqual(findEvents(new JsonValues(scanner), () => 7n).events, [{ value: 0, time: 7n }]);
});
