// SIGUSR1 reaches an agent whose launcher has Node keep that signal from its inspector.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import '../../support/records/builder-capture.ts';

const AGENT = `
import { loadAddon } from ${JSON.stringify(new URL('../../../host/capture/addon.ts', import.meta.url).href)};
process.on('SIGUSR1', () => {
  console.log('taken');
  process.exit();
});
process.kill(process.pid, 'SIGUSR1');
setTimeout(() => {
  console.log('kept back');
  loadAddon().unblockSignal(10);
}, 200);
setTimeout(() => process.exit(1), 10_000);
`;

test('a signal that was kept back comes when it is let through', () => {
  const words = [...RUNTIME_OPTIONS, '--input-type=module', '--eval', AGENT];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [0, 'kept back\ntaken\n'], stderr);
});
