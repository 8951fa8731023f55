// `wasprey doctor` on this kernel: it ends, and what it says is kept.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';

test('wasprey doctor', () => {
  const words = [...RUNTIME_OPTIONS, 'host/cli/main.ts', 'doctor'];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { cwd: PROJECT, encoding: 'utf8' });
  process.stdout.write(`\n@wasprey ${JSON.stringify({ kind: 'file', file: 'doctor.txt', text: stdout })}\n`);
  assert.equal(status, 0, stdout + stderr);
});
