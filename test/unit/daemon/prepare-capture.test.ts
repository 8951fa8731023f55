// What the engine's thread loads while a run still verifies its rules.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { prepareCapture } from '../../../host/daemon/prepare-capture.ts';
import { runSettings } from '../../../host/daemon/settings.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import type { IdleWorker } from '../../../host/engine/host/idle-worker.ts';
import type { CaptureSettings } from '../../../host/engine/messages/protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-prepare-'));
after(() => rmSync(folder, { recursive: true }));

async function prepared(configuration: string, ruleTypes: readonly string[]) {
  const config = join(folder, 'wasprey.yaml');
  writeFileSync(config, configuration);
  const asked: (readonly [CaptureSettings, readonly string[]])[] = [];
  const worker: Pick<IdleWorker, 'prepare'> = { prepare: (...request) => void asked.push(request) };
  prepareCapture(worker, await runSettings({ config }, [], SILENT), ruleTypes);
  const [[capture, types] = [], ...more] = asked;
  assert.ok(capture && types);
  assert.deepEqual(more, []);
  return { capture, types };
}

test('event types of rules, without those that are excluded from the capture', async () => {
  const { capture, types } = await prepared('base_syscalls: {custom_set: ["!unlink"]}', ['openat', 'unlink']);
  assert.deepEqual(types, ['openat']);
  assert.deepEqual([capture.source, capture.hooks], ['bpf', 'auto']);
});

test('those of the journal, and the settings that programs are loaded with', async () => {
  const { capture, types } = await prepared(
    `journal: {enabled: true, folder: ${folder}, events: [ptrace]}\nengine: {wasprey: {hooks: sys_exit}}`,
    ['openat'],
  );
  assert.deepEqual(types, ['openat', 'ptrace']);
  assert.equal(capture.hooks, 'sys_exit');
});
