// A capture that is opened before the start: it is used by a start with the same settings, and by no other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCapture } from '../../../host/capture/open.ts';
import { beginIdleWorker, takeIdleWorker } from '../../../host/engine/host/idle-worker.ts';
import { PreparedCapture } from '../../../host/engine/loop/prepared-capture.ts';
import type { CaptureSettings } from '../../../host/engine/messages/protocol.ts';
import { moduleOf, process, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

const SIZES = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };
const SETTINGS: CaptureSettings = { source: 'builder', sizes: SIZES };

const SHADOW = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name reads %fd.name"
  priority: info
`;

/** Captures are numbered as they are opened. */
function handleOf(settings: CaptureSettings): number {
  const { capture } = openCapture(settings);
  const handle = capture.handle();
  capture.close();
  return handle;
}

test('the prepared capture is taken once, and only with its settings', () => {
  const prepared = new PreparedCapture();
  const take = (settings: CaptureSettings): number => {
    const { capture } = prepared.take(settings);
    const handle = capture.handle();
    capture.close();
    return handle;
  };
  prepared.prepare(SETTINGS, ['openat']);
  const later = handleOf(SETTINGS);
  assert.ok(take({ ...SETTINGS, sizes: { ...SIZES } }) < later);
  assert.ok(take(SETTINGS) > later);
  for (const other of [
    { source: 'builder', sizes: { ...SIZES, cpus: 1 } },
    { ...SETTINGS, hooks: 'fexit' },
  ] as const) {
    prepared.prepare(SETTINGS, ['openat']);
    assert.ok(take(other) > handleOf(SETTINGS) - 2);
    assert.ok(take(SETTINGS) > later, 'what was prepared is closed');
  }
});

test('what can not be prepared is reported by the start', () => {
  const prepared = new PreparedCapture();
  const missing: CaptureSettings = { source: 'bpf', sizes: SIZES, object: '/nowhere/wasprey.bpf.o' };
  prepared.prepare(missing, ['openat']);
  const { capture } = prepared.take(missing);
  assert.throws(() => capture.start(['openat']), { code: /^CAPTURE_/ });
  capture.close();
});

test('an agent goes on with what its worker has prepared', async () => {
  for (const sizes of [SIZES, { ...SIZES, imageBudget: 32 << 20 }]) {
    beginIdleWorker();
    const idleWorker = takeIdleWorker();
    assert.notEqual(takeIdleWorker(), idleWorker, 'it is used once');
    idleWorker.prepare({ source: 'builder', sizes }, ['openat', 'unlink']);
    await using built = await startBuiltAgent([await moduleOf(SHADOW)], { idleWorker });
    inject(built.agent, [process(1, { pid: 1000 })], [shadowRead(1)]);
    assert.match((await built.waitForLines(1)).join(), /test reads \/etc\/shadow/);
  }
});
