// Figures of a rule and differences stay within bounds, however long the history is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Difference } from '../../../host/journal/backtest/difference.ts';
import { RuleFigures } from '../../../host/journal/backtest/figures.ts';
import type { OriginatedMatch } from '../../../host/journal/backtest/origin.ts';

const DAY = 86_400_000_000_000n;

test('the most alerts on a day are known for more days than a call has room for', () => {
  const reads = { fields: [], readsContainers: false, readsPods: false, eventTypes: [] };
  const figures = new RuleFigures({ name: 'R', priority: 'Notice', output: [], fields: [], needs: undefined, reads });
  const origin = { place: 'host', program: 'cat' };
  const add = (day: bigint): void =>
    figures.add({
      origin,
      record: { time: day * DAY },
      reader: { read: () => undefined },
    } as unknown as OriginatedMatch);
  for (let day = 0n; day < 220_000n; day++) add(day);
  add(7n);
  assert.equal(figures.mostOnADay, 2);
  assert.equal(figures.alerts, 220_001);
});

test('matches that wait for a partner are bounded: the oldest of them is a difference', () => {
  const difference = new Difference();
  const add = (side: 'tried' | 'compared', sequence: bigint): void => {
    difference.add(side, { rule: 'R', event: `${sequence}`, origin: 'cat in host' });
  };
  for (let sequence = 0n; sequence <= 100_000n; sequence++) add('tried', sequence);
  add('compared', 1n);
  add('compared', 0n);
  const [rule] = difference.end();
  assert.deepEqual([rule?.added.alerts, rule?.removed.alerts], [100_000, 1]);
});
