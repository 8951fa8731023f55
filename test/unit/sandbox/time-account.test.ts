// A module's share of the time: more than the allowance of its work, and a quarter of the time or more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeAccount } from '../../../host/sandbox/time-account.ts';

test('slow over many calls', () => {
  const account = new TimeAccount();
  const calls = Array.from({ length: 50 }, () => account.exceeds(10_000, 500));
  assert.deepEqual(
    calls.flatMap((exceeds, index) => (exceeds ? [index] : [])),
    [24, 49],
  );
});

test('much work takes much time', () => {
  const account = new TimeAccount();
  for (let call = 0; call < 1000; call++) assert.equal(account.exceeds(10_000, 10_000), false);
});

test('slow, and seldom', async () => {
  const account = new TimeAccount();
  for (let call = 0; call < 24; call++) account.exceeds(10_000, 500);
  await sleep(1100);
  assert.equal(account.exceeds(10_000, 500), false);
  // The next window is a new one.
  for (let call = 0; call < 24; call++) assert.equal(account.exceeds(10_000, 500), false);
  assert.equal(account.exceeds(10_000, 500), true);
});
