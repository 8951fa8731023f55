// A command whose output goes to a full disk, and one whose reader has left.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

function shell(command: string) {
  return spawnSync('/bin/sh', ['-c', command, process.execPath], { cwd: PROJECT, encoding: 'utf8' });
}

test('a full disk is reported in one line, and fails', () => {
  const { status, stderr } = shell('"$0" host/cli/main.ts --version > /dev/full');
  assert.equal(stderr, "wasprey: can't write the output: no space left on device\n");
  assert.equal(status, 1);
});

test('a reader that has seen enough is not a failure', () => {
  const { status, stderr } = shell('{ "$0" host/cli/main.ts config --markdown; echo $? >&2; } | head -1 > /dev/null');
  assert.equal(stderr, '0\n');
  assert.equal(status, 0);
});
