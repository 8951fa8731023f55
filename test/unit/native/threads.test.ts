// What the addon does on threads of its own, where the kernel has no room for another one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Somebody whose processes and threads are limited by number, unlike root's; the project may be in a folder that only root can read. */
const AS_NOBODY = ['--reuid=65534', '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
const PATIENCE_MS = 20_000;

const BUILDER = fileURLToPath(new URL('../../support/records/builder-capture.ts', import.meta.url));
const CHANGE = `
  import { execFileSync } from 'node:child_process';
  import { BuilderCapture } from ${JSON.stringify(BUILDER)};
  const builder = new BuilderCapture();
  execFileSync('prlimit', ['--pid=' + process.pid, '--nproc=1:1']);
  builder.capture.beginChange(['openat']);
  while (!builder.capture.isChanged());
  console.log('changed');
  process.exit();
`;

test('what is captured is changed on the thread that asks', () => {
  const words = [process.execPath, '--input-type=module', '--eval', CHANGE];
  const [command = '', ...rest] = process.getuid?.() === 0 ? ['setpriv', ...AS_NOBODY, ...words] : words;
  const { stdout, stderr, status, signal } = spawnSync(command, rest, { timeout: PATIENCE_MS, encoding: 'utf8' });
  assert.deepEqual({ stdout, status, signal }, { stdout: 'changed\n', status: 0, signal: null }, stderr);
});
