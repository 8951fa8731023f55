// `wasprey generate --verify`, with an agent of its own, by all rules: the shipped ones, and Falco's where they are.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { RUNTIME_OPTIONS } from '../../../host/setup/runtime.mjs';
import { falcoRules } from '../falco-rules.ts';

const FALCO = falcoRules();

/** Of one alert: it has to pass through an agent that is emulated. */
const TIMEOUT_SECONDS = 60;

interface Line {
  readonly action: string;
  readonly result: string;
  readonly rules?: readonly string[];
  readonly why?: string;
}

const words = ['generate', '--verify', '--json', '--timeout', String(TIMEOUT_SECONDS), '-r', 'rules'];
const { stdout, stderr, status, signal, error } = spawnSync(
  process.execPath,
  [...RUNTIME_OPTIONS, 'host/cli/main.ts', ...words, ...FALCO.flatMap((path) => ['-r', path])],
  { cwd: PROJECT, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 },
);
const lines = stdout
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Line);

/** Others are for containers, or none of their rules is evaluated: on every kernel. */
const performed = lines.filter(({ result }) => result !== 'skipped');

test('with all rules', (context) => {
  const verified = performed.filter(({ result }) => result === 'verified').length;
  context.diagnostic(`${verified} verified of ${performed.length}${FALCO.length > 0 ? ", with Falco's rules" : ''}`);
  assert.equal(FALCO.length, Number(process.env.FALCO_FILES), "files of Falco's rules that the test machine has");
  assert.doesNotMatch(stderr, /no longer evaluated/);
  assert.equal(status, 0, `${signal ?? error ?? `status ${status}`}: ${stderr}`);
  assert.ok(verified > 0, stderr);
});

for (const { action, result, rules, why } of performed) {
  test(action, () => {
    assert.equal(result, 'verified', `${rules?.join(', ')}: ${why ?? 'no alert'}`);
  });
}
