// How long a module stays set aside.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Absence } from '../../../host/engine/modules/absence.ts';

const HOUR_MS = 3_600_000;

test('a module that takes too much time again and again is tried ever less often, but once an hour', () => {
  const absence = new Absence();
  let now = 1000;
  const pauses = Array.from({ length: 12 }, () => {
    const pause = absence.begin('too-slow', now) ?? assert.fail('set aside for good');
    assert.equal(absence.isOver(now + pause - 1), false);
    now += pause;
    assert.equal(absence.isOver(now), true);
    return pause / 1000;
  });
  assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
});

test('one that ran well for an hour begins anew', () => {
  const absence = new Absence();
  for (const now of [0, 5_000]) absence.begin('out-of-fuel', now);
  assert.equal(absence.begin('out-of-fuel', 15_000 + HOUR_MS - 1), 20_000);
  assert.equal(absence.begin('out-of-fuel', 35_000 + 2 * HOUR_MS), 5_000);
});

test('one that has failed otherwise is not tried again', () => {
  const absence = new Absence();
  assert.equal(absence.begin('trap', 0), undefined);
  assert.equal(absence.isOver(1000 * HOUR_MS), false);
});
