// The command `wasprey captures`: what it lists, shows and refuses.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { noteBytes } from '../../../host/captures/notes/capture-notes.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { MAIN, waspreyIn } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const folder = new Folder();
after(() => folder[Symbol.dispose]());

function captures(...words: string[]) {
  return waspreyIn({ env: { ...process.env, TZ: 'UTC' } }, 'captures', ...words);
}

const alert = {
  rule: 'Shadow read',
  priority: 'Warning',
  time: 1_795_528_388_365_763_965n,
  message: 'read (command=cat --token=geheim)',
  tags: [],
  fields: {},
  pid: 501,
  container: 'host',
};
const DATA = {
  payload: payloadOf([logEntry(processImage(1, { kind: 5, pid: 501, comm_bytes: 'cat' }))], [shadowRead(1)]),
  events: 1,
};
const path = folder.file('capture.wsp');
const { bytes, starts } = writeBlocks([
  DATA,
  { kind: BLOCK_KIND.ALERT, payload: noteBytes({ alert }), events: 0 },
  DATA,
]);
writeFileSync(path, bytes);

test('captures of a file or folder are listed, by rule', () => {
  const { status, stdout, stderr } = captures(path);
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /^ {2}TIME .*\n {2}2026-11-24T13:53:08 {2}Warning {3}host 501 {2}1 .* \S+capture\.wsp\n\n {2}1 by Shadow read\n$/,
  );
  const listed = JSON.parse(captures(path, '--json').stdout);
  assert.deepEqual([listed.rule, listed.pid, listed.alerts, listed.hasState], ['Shadow read', 501, 1, false]);
});

test('one is shown as text, JSON or HTML, secrets masked by the configuration too', () => {
  const text = captures('show', path);
  assert.equal(text.status, 0, text.stderr);
  assert.match(
    text.stdout,
    /^What fired\n {2}13:53:08\.365 {2}Warning {2}Shadow read\n {2}read \(command=cat --token=\*\*\*\)\n/,
  );
  assert.match(text.stdout, /\n {2}> 501 cat/);
  assert.equal(JSON.parse(captures('show', path, '--json').stdout).alerts[0].pid, 501);
  assert.match(captures('show', path, '--html').stdout, /^<!doctype html>/);
});

test('the name that an alert has is found in the folder of the configuration', () => {
  const prefix = `capture.path_prefix=${folder.file('c')}`;
  assert.equal(captures('show', 'capture.wsp', '-o', prefix).stdout, captures('show', path).stdout);
});

test('what can not be read is reported in a line, with what to do', () => {
  const plain = folder.file('plain.wsp');
  writeFileSync(plain, writeBlocks([DATA]).bytes);
  const cases: [string[], number, RegExp][] = [
    [['show', plain], 1, /is a recording without an alert\n.*wasprey replay FILE/],
    [['show', folder.file('none.wsp')], 1, /can't read .*none\.wsp: no such file/],
    [['show', MAIN], 1, /can't read .*: it is not a recording/],
    [['show'], 2, /missing capture/],
    [['show', path, '--json', '--html'], 2, /exclude each other/],
    [['--html'], 2, /--html is for one capture/],
    [
      ['-o', `capture.path_prefix=${folder.file('nowhere/c')}`],
      1,
      /this machine has no captures in .*\n.*capture\.enabled: true/,
    ],
  ];
  for (const [words, wanted, message] of cases) {
    const { status, stderr } = captures(...words);
    assert.equal(status, wanted, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n {4}at /);
  }
});

test('names in the folder reach no terminal as they are, and a pipe in it keeps nobody waiting', () => {
  const place = folder.file('hostile');
  mkdirSync(place);
  writeFileSync(join(place, 'a\x1b]0;x\u202e.wsp'), Buffer.from(bytes).subarray(0, 40));
  writeFileSync(join(place, 'b\x1b[2J.wsp'), bytes);
  assert.equal(spawnSync('mkfifo', [join(place, 'c.wsp')]).status, 0);
  const { status, stdout, stderr } = captures(place);
  assert.equal(status, 1);
  assert.match(stdout, / \S+b\\u001b\[2J\.wsp\n/);
  assert.match(stderr, /^wasprey: \S+a\\u001b\]0;x\\u202e\.wsp is left out: its head is damaged: [^\n]*\n$/);
});

test('a damaged block is left out, reported, and the exit status says so', () => {
  const damaged = folder.file('damaged.wsp');
  writeFileSync(damaged, Buffer.from(bytes).fill(0xff, (starts[0] ?? 0) + 60, (starts[0] ?? 0) + 64));
  const { status, stdout } = captures('show', damaged);
  assert.equal(status, 1);
  assert.match(
    stdout.replaceAll(/\n +/g, ' '),
    /Damaged at byte \d+: the checksum of block 0 is wrong; the recording continues at byte \d+; 1 event lost\./,
  );
});
