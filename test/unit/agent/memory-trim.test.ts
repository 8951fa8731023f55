// When the agent gives memory back: once after its start, and again when it has grown and is idle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryTrim } from '../../../host/agent/memory-trim.ts';

const MEGABYTE = 1e6;
/** More than enough for looks each 400 ms. */
const PATIENCE_MS = 20_000;

test('memory that has grown is given back when the process is idle, and not before', async (t) => {
  let trims = 0;
  const trim = new MemoryTrim(() => trims++, { afterMs: 10, everyMs: 400 });
  t.after(() => trim.close());
  trim.schedule();
  await until(() => trims === 1);
  await sleep(2500);
  assert.equal(trims, 1, 'nothing has grown');

  let garbage: number[][] | undefined = Array.from({ length: 1000 }, (_, n) => new Array<number>(10_000).fill(n + 0.5));
  const full = process.memoryUsage.rss();
  assert.equal(garbage.length, 1000);
  garbage = undefined;
  const busyUntil = performance.now() + 1500;
  while (performance.now() < busyUntil) {
    for (let n = 0; n < 1e6; n++) Math.sqrt(n);
    await sleep(0);
  }
  assert.equal(trims, 1, 'it is busy');

  await until(() => full - process.memoryUsage.rss() > 40 * MEGABYTE);
  assert.equal(trims, 2);
});

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    assert.ok(performance.now() < end, 'it does not come');
    await sleep(20);
  }
}
