// What the addon does on threads of its own, where the kernel has no room for another one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Somebody whose processes and threads are limited by number, unlike root's. */
const NOBODY = 65_534;
const PATIENCE_MS = 20_000;

const BUILDER = fileURLToPath(new URL('../support/builder-capture.ts', import.meta.url));
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
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', CHANGE], {
    ...(process.getuid?.() === 0 && { uid: NOBODY }),
    timeout: PATIENCE_MS,
    encoding: 'utf8',
  });
  assert.deepEqual({ stdout, status, signal }, { stdout: 'changed\n', status: 0, signal: null }, stderr);
});
