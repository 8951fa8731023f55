// When the agent gives memory back: once after its start, and again when it has grown and is idle. What it uses is made up: V8 collects when it
// likes, and a kernel that swaps takes memory by itself. That memory is really given back is shown in engine/release-memory.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTrim } from '../../../host/agent/memory-trim.ts';
import { until } from '../../support/until.ts';

const MEGABYTE = 1e6;
const EVERY_MS = 50;

test('memory that has grown is given back when the process is idle, and not before', async (t) => {
  let trims = 0;
  let looks = 0;
  let resident = 100 * MEGABYTE;
  let cpuMs = 0;
  /** Of CPU, from one look to the next. */
  let busyMs = 0;
  const usage = {
    resident() {
      looks++;
      return resident;
    },
    cpuMs() {
      cpuMs += busyMs;
      return cpuMs;
    },
  };
  const looksAgain = async (): Promise<void> => {
    const before = looks;
    await until(() => looks >= before + 5);
  };
  const trim = new MemoryTrim(() => trims++, { afterMs: 10, everyMs: EVERY_MS }, usage);
  t.after(() => trim.close());
  trim.schedule();
  await looksAgain();
  assert.equal(trims, 1, 'nothing has grown');

  resident += 5 * MEGABYTE;
  await looksAgain();
  assert.equal(trims, 1, 'it has hardly grown');

  const garbage = new WeakRef({});
  busyMs = EVERY_MS / 2;
  resident += 4 * MEGABYTE;
  await looksAgain();
  assert.equal(trims, 1, 'it is busy');

  busyMs = 0;
  await until(() => trims === 2);
  await until(() => garbage.deref() === undefined);
  await looksAgain();
  assert.equal(trims, 2, 'what it has after a trim it needs');
});
