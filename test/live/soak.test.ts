// `npm run soak`: its command line, and two scenarios with small numbers.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const MAIN = join(import.meta.dirname, '../soak/main.ts');
const LONGEST_MS = 120_000;

function soak(...words: string[]) {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', timeout: LONGEST_MS });
}

test('what must hold holds, with small numbers', () => {
  const { status, stdout, stderr } = soak('--quick', 'processes', 'stop');
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /^processes: 10,000 short processes \(\d+ s of 60\)$/m);
  assert.match(stdout, /^2 scenarios in \d+ s: all that must hold held$/m);
});

test('scenarios are listed with their bounds, and one that there is not is refused', () => {
  const { status, stdout } = soak('--list');
  assert.equal(status, 0);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/)[0]);
  assert.deepEqual(names, [
    'flood',
    'processes',
    'storms',
    'containers',
    'disk-full',
    'clock',
    'stop',
    'hanging',
    'api-server',
    'memory',
    'slow-module',
    'alert-bursts',
  ]);
  const misspelt = soak('containerz');
  assert.deepEqual([misspelt.status, misspelt.stdout], [2, '']);
  assert.equal(misspelt.stderr, "soak: there is no scenario 'containerz'; did you mean containers?\n");
  assert.match(soak('--no-such').stderr, /^soak: Unknown option '--no-such'/);
});
