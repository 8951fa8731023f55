// `wasprey run` as a person uses it: as a process in a terminal's group, with its own rules, until Ctrl-C.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { wasprey } from '../support/command-line.ts';
import { openRule, rulesFileForTests } from '../support/live/rules-file.ts';
import { startRunAsNpm } from '../support/live/run-process.ts';

const BOOTSTRAP = join(PROJECT, 'host/setup/bootstrap.mjs');

const { directory, rules } = rulesFileForTests((path) => {
  const marked = `${path}/marked`;
  return (
    openRule({ name: 'Marked file read', path: marked, tags: ['live'] }) +
    openRule({ name: 'Marked file read once more', path: marked, output: 'again %fd.name', priority: 'DEBUG' })
  );
});

/** Reads a file that is not there under a name that the rules know: opening it is all that matters. */
function read(name: string): void {
  spawnSync('cat', [join(directory, name)]);
}

test('an alert comes, and Ctrl-C ends with a summary', async () => {
  await using agent = startRunAsNpm(rules);
  await agent.watches();
  read('marked-1');
  const [line] = await agent.says(/^.*Warning cat read.*$/m);
  assert.match(line, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{9}: Warning cat read ${directory}/marked-1$`));

  // npm passes on what the terminal has sent already.
  agent.kill('SIGINT');
  agent.kill('SIGINT');
  assert.equal(await agent.ended, 0, agent.stderr());
  assert.match(agent.stderr(), /Watched for [\d.]+ s: [\d,]+ events, \d+ alerts?, no event lost\./);
  assert.match(agent.stderr(), /^ +\d+ {2}Marked file read$/m);
});

test('JSON, every matching rule, and a file as well', async () => {
  const file = join(directory, 'alerts.jsonl');
  await using agent = startRunAsNpm(rules, '--json', '--rule-matching=all', '-o', file);
  await agent.watches();
  read('marked-2');
  await agent.says(/once more/);
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0, agent.stderr());
  const alerts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    alerts.map(({ rule, priority }) => [rule, priority]),
    [
      ['Marked file read', 'Warning'],
      ['Marked file read once more', 'Debug'],
    ],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a compiled module runs, and stops by itself after the given time', async () => {
  const module = join(directory, 'rules.wasm');
  const compiled = wasprey('compile', rules, '-o', module);
  assert.equal(compiled.status, 0, compiled.stderr);
  await using agent = startRunAsNpm('-m', module, '--duration', '3');
  await agent.watches();
  read('marked-3');
  await agent.says(/Warning cat read/);
  assert.equal(await agent.ended, 0, agent.stderr());
  const [, seconds] = /Watched for ([\d.]+) s/.exec(agent.stderr()) ?? [];
  assert.ok(Number(seconds) >= 3, agent.stderr());
});

test('an agent whose alerts nobody reads any more ends', async () => {
  await using agent = startRunAsNpm(rules);
  await agent.watches();
  agent.closeStdout();
  read('marked-4');
  assert.equal(await agent.ended, 0, agent.stderr());
});

test('without privilege it says what is missing, and does nothing else', () => {
  const unprivileged = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  const { status, stdout, stderr } = spawnSync(
    'setpriv',
    [...unprivileged, BOOTSTRAP, '--needs=capture', 'host/cli/main.ts', 'run'],
    { encoding: 'utf8', cwd: PROJECT },
  );
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^wasprey: this machine lacks what the capture needs\n {2}\* loading BPF programs needs root/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});
