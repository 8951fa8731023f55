// A thread that waits for a file system holds no process at its end.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ADDON_PATH } from '../../../host/capture/addon.ts';
import { directoryForTests } from '../../support/directory.ts';
import { TIME_FACTOR } from '../../support/live/time-factor.ts';

test('the process ends within its time, with its status', () => {
  // Nobody ever writes to it: a file system that does not answer.
  const fifo = join(directoryForTests(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const program = `
    const { Worker } = require('node:worker_threads');
    const path = ${JSON.stringify(fifo)};
    const hanging = "const { workerData, parentPort } = require('node:worker_threads'); parentPort.postMessage(0);" +
      "require('node:fs').openSync(workerData);";
    const thread = new Worker(hanging, { eval: true, workerData: path });
    thread.once('message', () => {
      require(${JSON.stringify(ADDON_PATH)}).endWithin(300, 7);
      setTimeout(() => process.exit(3), 100);
    });
  `;
  const { status, signal } = spawnSync(process.execPath, ['-e', program], { timeout: 20_000 * TIME_FACTOR });
  assert.deepEqual({ status, signal }, { status: 7, signal: null });
});
