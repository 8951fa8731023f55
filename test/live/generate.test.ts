// wasprey generate as a person runs it: verified by an agent of its own, by a file, by what is posted; on the host and in a container.

import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { prepare } from '../../host/setup/prepare.mjs';
import { MAIN, waspreyAside } from '../support/command-line.ts';
import { directoryForTests } from '../support/directory.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { type RunningProduct, startProduct } from '../support/live/live-product.ts';
import { freePort } from '../support/servers/free-port.ts';

/** Rules of the names that actions know, here on what the actions do alone. */
const RULES = `
- rule: Clear Log Activities
  desc: a log is emptied
  condition: evt.type = openat and fd.name endswith /syslog and evt.arg.flags contains O_TRUNC
  output: emptied %fd.name
  priority: NOTICE
- rule: Create Symlink Over Sensitive Files
  desc: a link to /etc
  condition: evt.type = symlinkat and evt.arg.target = /etc
  output: link %evt.arg.linkpath
  priority: NOTICE
- rule: Drop and execute new binary in container
  desc: a new program
  condition: evt.type = execve and proc.is_exe_upper_layer = true and container.id != host
  output: run %proc.exepath in %container.id
  priority: NOTICE
`;
/** The same, but nothing is ever a log. */
const BLIND = RULES.replace('fd.name endswith /syslog', 'fd.name = /nowhere');

const directory = directoryForTests();
const path = (name: string) => join(directory, name);
before(async () => {
  await prepare('native'); // the container may not write here
  writeFileSync(path('rules.yaml'), RULES);
  writeFileSync(path('blind.yaml'), BLIND);
});

interface Run {
  readonly status: number | null;
  readonly results: readonly Record<string, unknown>[];
  readonly said: string;
}

async function generate(...words: string[]): Promise<Run> {
  const { status, stdout, stderr } = await waspreyAside('generate', '--json', ...words);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { status, said: stderr, results: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const ACTIONS = ['clear-log', 'link-to-sensitive-folder'];
const VERIFIED = [
  { action: 'clear-log', result: 'verified', rules: ['Clear Log Activities'] },
  { action: 'link-to-sensitive-folder', result: 'verified', rules: ['Create Symlink Over Sensitive Files'] },
];
const ONE_MISSING = [
  { action: 'clear-log', result: 'missing', rules: ['Clear Log Activities'], refused: [] },
  ...VERIFIED.slice(1),
];

describe('verified by an agent of its own', () => {
  test('all alerts come: status 0', async () => {
    const { status, results, said } = await generate('--verify', '-r', path('rules.yaml'), ...ACTIONS);
    assert.deepEqual(results, VERIFIED, said);
    assert.equal(status, 0);
  });
  test('one is missing: it is named, and the status is 1', async () => {
    const { status, results, said } = await generate(
      '--verify',
      '-r',
      path('blind.yaml'),
      '--timeout',
      '1',
      ...ACTIONS,
    );
    assert.deepEqual(results, ONE_MISSING, said);
    assert.equal(status, 1);
    assert.doesNotMatch(said, /rule_matching/);
  });
  test('an action whose rules are not evaluated is skipped; nothing verified is a failure', async () => {
    const { status, results, said } = await generate('--verify', '-r', path('rules.yaml'), 'shred-file');
    assert.match(said, /nothing was verified/);
    assert.equal(results[0]?.result, 'skipped');
    assert.match(String(results[0]?.why), /none of its rules is evaluated \(Remove Bulk Data from Disk\)/);
    assert.equal(status, 1);
  });
});

describe('verified by another agent', () => {
  let product: RunningProduct;
  let onAlert: (line: string) => void = () => {};
  before(async () => {
    product = await startProduct([{ name: 'rules.yaml', text: RULES }], {}, (line) => onAlert(line));
  });
  after(() => product.stop());

  test('by the file that it writes', async () => {
    writeFileSync(path('alerts.json'), '');
    onAlert = (line) => appendFileSync(path('alerts.json'), `${line}\n`);
    const words = ['--verify', '--alerts', path('alerts.json'), '-r', path('rules.yaml')];
    const { status, results, said } = await generate(...words, ...ACTIONS);
    assert.deepEqual(results, VERIFIED, said);
    assert.equal(status, 0);
  });
  test('by a file with the alerts of one rule alone: the other is missing, status 1', async () => {
    writeFileSync(path('alerts.json'), '');
    onAlert = (line) => {
      if (!line.includes('Clear Log')) appendFileSync(path('alerts.json'), `${line}\n`);
    };
    const words = ['--verify', '--alerts', path('alerts.json'), '-r', path('rules.yaml'), '--timeout', '1'];
    const { status, results, said } = await generate(...words, ...ACTIONS);
    assert.deepEqual(results, ONE_MISSING, said);
    assert.equal(status, 1);
    assert.match(said, /only the first rule that matches an event, unless its rule_matching is all/);
  });
  test('by what it posts', async () => {
    const port = await freePort();
    onAlert = (line) => void fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: line }).catch(() => {});
    const words = ['--verify', '--listen', `127.0.0.1:${port}`, '-r', path('rules.yaml')];
    const { status, results, said } = await generate(...words, ...ACTIONS);
    assert.deepEqual(results, VERIFIED, said);
    assert.equal(status, 0);
  });
});

test('in a container it acts in the container', async () => {
  const agent = await LiveAgent.start([RULES]);
  const container = new Container({
    root: 'host',
    mounts: [{ source: PROJECT, destination: PROJECT, options: ['rbind', 'ro'] }],
  });
  try {
    const output = await container.exec([process.execPath, MAIN, 'generate', 'run-dropped-program', 'shred-file']);
    assert.match(output, /^done +run-dropped-program$/m);
    await agent.settled();
    const [alert] = agent.alerts('Drop and execute new binary in container', { 'container.id': container.shortId });
    assert.match(String(alert?.output_fields['proc.exepath']), /^\/wasprey-w/);
  } finally {
    container.stop();
    await agent.stop();
  }
});
