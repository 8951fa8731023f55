// Matches that wait for whose session they are of: what floods leaves room for others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionWaits } from '../../../host/agent/sessions/session-waits.ts';

const LONG_MS = 600_000;

/** Until there is no room for it. */
function flood(waits: SessionWaits, from: string, sent: string[]): number {
  let count = 0;
  while (waits.add(LONG_MS, from, () => sent.push(from))) count++;
  return count;
}

test('what floods takes half of the room, and leaves the rest to others', () => {
  const waits = new SessionWaits();
  const sent: string[] = [];
  assert.equal(flood(waits, 'one', sent), 2_048);
  assert.equal(flood(waits, 'other', sent), 1_024);
  assert.ok(waits.add(LONG_MS, 'third', () => sent.push('third')));
  assert.equal(
    waits.add(LONG_MS, 'one', () => sent.push('one')),
    false,
  );
  assert.deepEqual([sent.length, waits.total], [0, 3_073]);
  waits.end();
  assert.equal(sent.length, 3_073);
  // All of it is room again.
  assert.equal(flood(waits, 'one', sent), 2_048);
  waits.end();
});
