// Times of a receiver by the clock of the agent's node: whatever both clocks show, and however long messages take, the truth lies between the bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReceiverClock } from '../../../host/sessions/receiver-clock.ts';

const MS = 1_000_000n;
const START = Date.parse('2026-11-28T00:00:00Z');
const apart = fc.integer({ min: -86_400_000, max: 86_400_000 });
const latency = fc.integer({ min: 0, max: 60_000 });

test('a time that the receiver states is never taken for a later one where it should not be, nor for an earlier one', () => {
  fc.assert(
    fc.property(apart, fc.array(fc.tuple(latency, latency), { minLength: 1 }), apart, (ahead, messages, stated) => {
      let now = START;
      const clock = new ReceiverClock(() => now);
      for (const [beforeIt, onItsWay] of messages) {
        now += beforeIt;
        const written = BigInt(now - ahead) * MS;
        now += onItsWay;
        assert.ok(clock.heard(written));
        const truth = BigInt(START + stated) * MS;
        const theirs = BigInt(START + stated - ahead) * MS;
        assert.ok((clock.earliest(theirs) ?? truth + 1n) <= truth);
        assert.ok((clock.latest(theirs) ?? truth - 1n) >= truth);
      }
    }),
  );
});

test('a clock that was set is noticed if the bounds can not hold both before and after it', () => {
  let now = START;
  const clock = new ReceiverClock(() => now);
  now += 20;
  assert.ok(clock.heard(BigInt(now) * MS));
  assert.ok(clock.heard(BigInt(now - 60_000) * MS), 'it was set back, or the message took so long: both are bounded');
  assert.equal(clock.latest(BigInt(now - 60_000) * MS), BigInt(now) * MS);
  assert.equal(clock.heard(BigInt(now + 60_000) * MS), false);
});

test('nothing is known of a receiver that does not say what its clock shows', () => {
  const clock = new ReceiverClock(Date.now);
  assert.ok(clock.heard(undefined));
  assert.deepEqual([clock.earliest(1n), clock.latest(1n), clock.aheadMs], [undefined, undefined, undefined]);
});
