// Matches that wait for whose session they are of: what floods leaves room for others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionWaits } from '../../../host/agent/sessions/session-waits.ts';
import { until } from '../../support/until.ts';

const long = (): number => 600_000;

/** Until there is no room for it. */
function flood(waits: SessionWaits, from: string, sent: string[]): number {
  let count = 0;
  while (waits.add(long, from, () => sent.push(from))) count++;
  return count;
}

test('what floods takes half of the room, and leaves the rest to others', () => {
  const waits = new SessionWaits();
  const sent: string[] = [];
  assert.equal(flood(waits, 'one', sent), 2_048);
  assert.equal(flood(waits, 'other', sent), 1_024);
  assert.ok(waits.add(long, 'third', () => sent.push('third')));
  assert.equal(
    waits.add(long, 'one', () => sent.push('one')),
    false,
  );
  assert.deepEqual([sent.length, waits.total], [0, 3_073]);
  waits.end();
  assert.equal(sent.length, 3_073);
  // All of it is room again.
  assert.equal(flood(waits, 'one', sent), 2_048);
  waits.end();
});

test('what a timer fires for too early waits until it is settled; what is settled never, as where the clock was set back, goes out', async () => {
  const waits = new SessionWaits();
  const sent: string[] = [];
  const lefts = { early: [50, 1, 1, 0], back: [50, 3_600_000] };
  for (const [from, left] of Object.entries(lefts)) {
    assert.ok(
      waits.add(
        () => left.shift() ?? 0,
        from,
        () => sent.push(from),
      ),
    );
  }
  await until(() => sent.length >= 2);
  assert.deepEqual(sent, ['back', 'early']);
  assert.deepEqual(lefts, { early: [], back: [] });
});
