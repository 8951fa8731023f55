// The numbers that the worker and the host's thread share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Control, MATCHES_IN_FLIGHT } from '../../../host/engine/messages/control.ts';

const CONTROL = new URL('../../../host/engine/messages/control.ts', import.meta.url).href;

/** Runs a program with a `control` of the same numbers in another thread. */
function elsewhere(control: Control, program: string): Worker {
  const text = `
    const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(CONTROL)}).then(({ Control }) => {
      const control = new Control(workerData);
      ${program}
    });`;
  return new Worker(text, { eval: true, workerData: control.buffer });
}

test('a worker that waits for room goes on when the host has taken a match', async (t) => {
  const control = new Control();
  assert.ok(control.waitForRoom(10_000) < 10_000, 'there is room');
  control.addInFlight(MATCHES_IN_FLIGHT);
  const host = elsewhere(control, 'setTimeout(() => control.addInFlight(-1), 50);');
  t.after(() => host.terminate());
  assert.ok(control.waitForRoom(60_000) < 60_000);
  assert.equal(control.inFlight, MATCHES_IN_FLIGHT - 1);
});

test('it goes on when a stop is requested, and when its time is over', async (t) => {
  const control = new Control();
  control.addInFlight(MATCHES_IN_FLIGHT);
  const waited = control.waitForRoom(20);
  assert.ok(waited >= 20, `${waited} ms`);
  const host = elsewhere(control, 'setTimeout(() => control.requestStop(), 50);');
  t.after(() => host.terminate());
  assert.ok(control.waitForRoom(60_000) < 60_000);
  assert.equal(control.inFlight, MATCHES_IN_FLIGHT);
});

test('blocks of captures take no room of the journal', () => {
  const control = new Control();
  control.addKeptBlocks('captures', 3);
  control.addKeptBlocks('journal', 1);
  control.addKeptBlocks('captures', -1);
  const again = new Control(control.buffer);
  assert.deepEqual([again.keptBlocks('journal'), again.keptBlocks('captures')], [1, 2]);
  assert.equal(control.waitForRoom(10_000, 1) < 10_000, true, 'nor that of matches');
});
