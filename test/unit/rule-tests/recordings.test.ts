// `wasprey test` on recordings: what is compared, how a difference reads, and which recordings are refused.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { FILE_HEAD_BYTES } from '../../../host/recording/format.ts';
import { prepare } from '../../../host/setup/prepare.mjs';
import { waspreyIn } from '../../support/command-line.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read by %proc.name as %evt.num
  priority: WARNING
- rule: Read by cat
  desc: the same events, after a rule that matches them
  condition: evt.type = openat and proc.name = cat
  output: cat
  priority: WARNING
- rule: Renamed
  desc: d
  condition: evt.type = rename
  output: x
  priority: INFO
- rule: User changed
  desc: d
  condition: evt.type = setuid
  output: x
  priority: INFO
`;

/** cat reads three times, dd twice, in blocks of their own. */
function recorded() {
  const images = [processImage(1, { comm_bytes: 'cat' }), processImage(2, { comm_bytes: 'dd' })].map((one) =>
    logEntry(one),
  );
  const reads = [1, 1, 1, 2, 2].map((image, sequence) => shadowRead(image, { sequence }));
  return writeBlocks([
    { payload: payloadOf(images, reads.slice(0, 3)), events: 3 },
    { payload: payloadOf([], reads.slice(3)), events: 2 },
  ]);
}

function run(tests: string, recording: Uint8Array | undefined, ...words: readonly string[]) {
  using folder = new Folder();
  writeFileSync(folder.file('rules.yaml'), RULES);
  writeFileSync(folder.file('tests.yaml'), `rules: [rules.yaml]\ntests:\n${tests}`);
  const path = folder.file('recordings/may.wsp');
  mkdirSync(dirname(path));
  if (recording) writeFileSync(path, recording);
  const ended = waspreyIn({ cwd: folder.path }, 'test', 'tests.yaml', ...words);
  const junit = words.includes('--junit') ? readFileSync(folder.file('junit.xml'), 'utf8') : '';
  return { ...ended, junit };
}

// Otherwise the command would say that it builds the addon.
before(() => prepare('native'));

const onRecording = (name: string, expect: string): string =>
  `  - name: ${name}\n    recording: recordings/may.wsp\n    expect: ${expect}\n`;

test('every rule alerts on its own: any number where none is given, else as many, and with the text that is given', () => {
  const tests = [
    onRecording('names', '[Shadow read, Read by cat]'),
    onRecording('numbers', '{Shadow read: 5, Read by cat: 3, Renamed: 0}'),
    onRecording('a text of the last alert', '{Shadow read: read by dd as 4, Read by cat: }'),
    `  - name: an event beside recordings
    event: {evt.type: openat, fd.name: /etc/shadow}
    expect: Shadow read
`,
  ];
  const { status, stdout, stderr } = run(tests.join(''), recorded().bytes);
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    'ok    names\nok    numbers\nok    a text of the last alert\nok    an event beside recordings\n4 passed, 0 failed\n',
  );
  assert.equal(status, 0);
});

test('a difference shows what was raised: too few, too many, none, not expected, with another text', () => {
  const tests = [
    onRecording('none', 'none'),
    onRecording('numbers', '{Shadow read: 6, Read by cat: 1, Renamed: 1}'),
    onRecording('missing', '[Shadow read, Read by cat, Renamed, User changed]'),
    onRecording('text', '{Shadow read: read by vi, Read by cat: 3}'),
  ];
  const { status, stdout, stderr, junit } = run(tests.join(''), recorded().bytes, '--junit', 'junit.xml');
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    `FAIL  none
        expected  none
        got       Shadow read (5 alerts), Read by cat (3 alerts)
      + Shadow read
          read by cat as 0
          read by cat as 1
          read by cat as 2
      + Read by cat
          cat
          cat
          cat
FAIL  numbers
        expected  Shadow read (6 alerts), Read by cat (1 alert), Renamed (1 alert)
        got       Shadow read (5 alerts), Read by cat (3 alerts)
      ~ Shadow read: 5 alerts instead of 6
          read by cat as 0
          read by cat as 1
          read by cat as 2
      ~ Read by cat: 3 alerts instead of 1
          cat
          cat
          cat
      ~ Renamed: 0 alerts instead of 1
FAIL  missing
        expected  Shadow read, Read by cat, Renamed, User changed
        got       Shadow read (5 alerts), Read by cat (3 alerts)
      - Renamed
          is only evaluated on rename, not on openat, setuid
      - User changed
FAIL  text
        expected  Shadow read, Read by cat (3 alerts)
        got       Shadow read (5 alerts), Read by cat (3 alerts)
      ~ Shadow read: another output
          - read by vi
          + read by cat as 0
          + read by cat as 1
          + read by cat as 2
0 passed, 4 failed
`,
  );
  assert.equal(status, 1);
  assert.match(junit, /^<testsuites tests="4" failures="4">$/m);
  assert.match(junit, /name="numbers">\n {6}<failure message="count Shadow read; count Read by cat; count Renamed">/);
});

/** Bytes of a recording whose facts were changed, with checksums that are right. */
function withFacts(bytes: Buffer, change: (facts: string) => string): Buffer {
  const length = bytes.readUInt32LE(12);
  const facts = Buffer.from(change(bytes.toString('utf8', FILE_HEAD_BYTES, FILE_HEAD_BYTES + length)));
  const head = Buffer.from(bytes.subarray(0, FILE_HEAD_BYTES));
  head.writeUInt32LE(facts.length, 12);
  head.writeUInt32LE(crc32(facts), 16);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return Buffer.concat([head, facts, bytes.subarray(FILE_HEAD_BYTES + length)]);
}

const { bytes: WHOLE, starts } = recorded();
const [, second = 0, last = 0] = starts;
const damaged = Buffer.from(WHOLE);
damaged.fill(0, second + 50, second + 60);
for (const [what, bytes, reason] of [
  ['is not there', undefined, /can't be used: no such file\n/],
  ['is empty', Buffer.alloc(0), /it is not a recording of `wasprey capture`\n/],
  ['is a text', Buffer.from('events: []\n'), /it is not a recording of `wasprey capture`\n/],
  ['ends in its head', WHOLE.subarray(0, 30), /its head is damaged: the file ends within it\n/],
  [
    'is cut off before its last block',
    WHOLE.subarray(0, last),
    /it is damaged at byte \d+: the file ends before block 2/,
  ],
  ['has a block that is damaged', damaged, /it is damaged at byte \d+: the checksum of block 1 is wrong\n/],
  [
    'does not say how its records are laid out',
    withFacts(WHOLE, (facts) => facts.replace(/"layout":/, '"other":')),
    /its head is damaged: its layout of records is invalid\n/,
  ],
] as const) {
  test(`a recording that ${what} is refused, at its place in the test file, and no test is run`, () => {
    const { status, stdout, stderr } = run(onRecording('x', 'none'), bytes);
    assert.match(stderr, /^error\[LOAD_ERR_FILE_READ\]: The recording recordings\/may\.wsp can't be used: /);
    assert.match(stderr, reason);
    assert.match(stderr, /--> tests\.yaml:4:16\n.*\n 4 \| {5}recording: recordings\/may\.wsp\n.*\^{18}\n {3}= help: /s);
    assert.equal(stdout, '');
    assert.equal(status, 1);
  });
}

test('a folder is not a recording', () => {
  const { status, stderr } = run('  - {name: x, recording: recordings, expect: none}\n', undefined);
  assert.match(stderr, /can't be used: it is a folder\n/);
  assert.equal(status, 1);
});

for (const [what, tests, message] of [
  ['an event and a recording', '  - {name: x, event: {evt.type: open}, recording: a, expect: none}', /not both/],
  ['a recording that is not a path', '  - {name: x, recording: [a], expect: none}', /Value is not a scalar value/],
  ['a list for a rule', '  - {name: x, recording: a, expect: {Renamed: [1]}}', /a number of alerts or an output text/],
  ['a key that is misspelt', '  - {name: x, recroding: a, expect: none}', /did you mean recording\?/],
  ['a rule that there is not', '  - {name: x, recording: a, expect: Rename}', /did you mean Renamed\?/],
] as const) {
  test(`refused: ${what}`, () => {
    const { status, stderr } = run(tests, undefined);
    assert.match(stderr, message);
    assert.equal(status, 1);
  });
}
