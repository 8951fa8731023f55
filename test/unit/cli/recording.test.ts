// `wasprey capture` and `wasprey replay` as a person meets them, as far as that needs no privilege.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { waspreyIn } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%evt.num %proc.name"
  priority: WARNING
- rule: Renamed
  desc: d
  condition: evt.type = rename
  output: x
  priority: INFO
`;

function wasprey(...words: string[]) {
  return waspreyIn({ timeoutMs: 120_000 }, ...words);
}

/** Three blocks of two events each. */
function recording() {
  const image = logEntry(processImage(1, { comm_bytes: 'cat' }));
  return writeBlocks(
    [0, 2, 4].map((number) => ({
      payload: payloadOf(number === 0 ? [image] : [], [
        shadowRead(1, { sequence: number }),
        shadowRead(1, { sequence: number + 1 }),
      ]),
      events: 2,
    })),
  );
}

test('a replay prints alerts on stdout, and on stderr a summary, what is damaged, and what was not recorded', () => {
  using folder = new Folder();
  const rules = folder.file('rules.yaml');
  writeFileSync(rules, RULES);
  const { bytes, starts } = recording();
  writeFileSync(folder.file('whole.wsp'), bytes);
  const whole = wasprey('replay', folder.file('whole.wsp'), '-r', rules);
  assert.equal(whole.status, 0, whole.stderr);
  assert.deepEqual(
    whole.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, '')),
    [0, 1, 2, 3, 4, 5].map((number) => `Warning ${number} cat`),
  );
  assert.match(whole.stderr, /^wasprey: rules need events that were not recorded: rename$/m);
  assert.match(
    whole.stderr,
    /^Replayed 6 events: 6 alerts, in [\d.]+ s \([\d,]+ events\/s\)\.\n {8}6 {2}Shadow read\n$/m,
  );

  bytes.fill(0, (starts[1] ?? 0) + 50, (starts[1] ?? 0) + 60);
  writeFileSync(folder.file('damaged.wsp'), bytes);
  const damaged = wasprey('replay', folder.file('damaged.wsp'), '-r', rules, '--json');
  assert.equal(damaged.status, 1);
  const alerts = damaged.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { hostname: string });
  assert.deepEqual(
    alerts.map(({ hostname }) => hostname),
    Array(4).fill('elsewhere'),
  );
  const told = `damaged  at byte ${starts[1]}: the checksum of block 1 is wrong; the recording continues at byte ${starts[2]}; 2 events lost`;
  assert.ok(damaged.stderr.includes(told), damaged.stderr);
});

test('what can not be replayed is refused in a sentence', () => {
  using folder = new Folder();
  assert.match(
    wasprey('replay', folder.file('none')).stderr,
    /^wasprey: can't read .*none: no such file or directory$/m,
  );
  assert.match(wasprey('replay', folder.path).stderr, /^wasprey: can't read .*: it is a folder$/m);
  writeFileSync(folder.file('text'), 'text');
  const { status, stderr } = wasprey('replay', folder.file('text'));
  assert.equal(status, 1);
  assert.match(stderr, /^wasprey: can't replay .*text: it is not a recording of `wasprey capture`$/m);
});

test('a pipe is refused at once, whoever writes to it', () => {
  using folder = new Folder();
  const rules = folder.file('rules.yaml');
  writeFileSync(rules, RULES);
  const pipe = folder.file('pipe');
  spawnSync('mkfifo', [pipe]);
  for (const words of [
    ['replay', pipe, '-r', rules],
    ['backtest', rules, '--on', pipe],
    ['activity', pipe],
    ['captures', 'show', pipe],
    ['export', pipe, '-o', folder.file('out.scap')],
  ]) {
    const { status, stderr } = wasprey(...words);
    assert.equal(status, 1, words[0]);
    assert.match(
      stderr,
      /can't (read|replay) \S+pipe: it is a pipe: write what comes from it to a file, and name that/,
    );
  }
});

test('arguments that do not fit are reported before anything else', () => {
  const usage = (words: string[], message: RegExp) => {
    const { status, stderr } = wasprey(...words);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
  };
  usage(['capture'], /missing file for the recording\n {2}add --output FILE/);
  usage(['capture', '-o', 'x', 'rules.yaml'], /unexpected argument rules\.yaml/);
  usage(['capture', '-o', 'x', '-m', 'a', '-r', 'b'], /exclude each other/);
  usage(['replay'], /missing recording/);
  usage(['replay', 'x', '-m', 'a', '-r', 'b'], /exclude each other/);
  usage(['replay', 'x', '-m', 'a', '--disable', 'b'], /rules were selected when it was compiled/);
});

test('both have help', () => {
  for (const name of ['capture', 'replay']) {
    const { status, stdout } = wasprey(name, '--help');
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: wasprey ${name} `));
  }
});
