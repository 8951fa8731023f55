// The report of a capture: what happened, as text, JSON and HTML, without its secrets.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { NO_CAPTURE, noteBytes, whyNoAlert } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { commandLineOf } from '../../../host/captures/report/command-line.ts';
import { reportHtml } from '../../../host/captures/report/html.ts';
import { reportJson } from '../../../host/captures/report/json.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { event, process as processImage } from '../../support/records/built-agent.ts';
import { ALERT, at, blocks, MASK, reportOfBytes, textOf } from '../../support/records/dropper-capture.ts';
import { forkChain } from '../../support/records/fork-chain.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';

test('the text shows what fired, the branch, what was done before and after, and the state', () => {
  const text = textOf(reportOfBytes(writeBlocks(blocks()).bytes));
  assert.equal(
    text,
    `# What fired
  13:53:10.365  Critical  Dropped program run
  run (command=./x --password=***)
  container web 0123456789ab, node elsewhere (Linux 6.18.0)
  Captured: container, 30 s before and 5 s after

# Processes
  | 500 nginx [app]
  |   501 sh -c ./x [app]
  >     503 x --password=*** [app], killed by signal 9
    502 cleaner [app]

# Timeline
  -  0.500 s  501 sh: creates /tmp/x
  -  0.400 s  502 cleaner: creates /tmp/x\\u001b[2J\\n> 1 <script>alert(1)</script>\\u202e
  +  0.000 s  503 x: runs x --password=***
  +  0.500 s  503 x: removes /tmp/x (3 times)
  +  1.000 s  503 x: reads /etc/shadow

# Files
  /tmp/x: creates, removes (501, 503), 9 bytes, mode 755
    sha256 ${'ab'.repeat(32)}
  /tmp/x\\u001b[2J\\n> 1 <script>alert(1)</script>\\u202e: creates (502)
  (2 files were only read or run)

# State at the alert
  1 process, taken from 31 to 43 ms after the alert, hashes by 90 ms
  503 x: runs a file that is gone: /tmp/x; connected to 192.0.2.7:443
  listens: tcp 0.0.0.0:80 (500)
  0 mounts
  1 changed file
  changed program: /tmp/x, 9 bytes
    sha256 ${'ab'.repeat(32)}

# Missing
  Only one of its processes was read.
`,
  );
});

test('events that different processors have written in another order than that of time make no difference', () => {
  const [inOrder, reversed] = [true, false].map((isInOrder) =>
    textOf(reportOfBytes(writeBlocks(blocks(isInOrder)).bytes)),
  );
  assert.equal(reversed, inOrder);
});

test('JSON has all of it, HTML too, and neither has a secret or markup of others', () => {
  const report = reportOfBytes(writeBlocks(blocks()).bytes);
  const json = reportJson(report, MASK);
  const read = JSON.parse(json) as {
    readonly processes: { pid: number; parent: number | null; fired: boolean }[];
    readonly timeline: { process: number; text: string }[];
  };
  assert.deepEqual(
    read.processes
      .map(({ pid, parent, fired }) => [pid, parent === null ? null : read.processes[parent]?.pid, fired])
      .toSorted(),
    [
      [500, null, false],
      [501, 500, false],
      [502, null, false],
      [503, 501, true],
    ],
  );
  assert.equal(read.timeline.length, 5);
  const html = reportHtml(report, MASK);
  for (const text of [json, html]) assert.ok(!text.includes('hunter2'), text);
  assert.ok(!html.includes('<script'));
  assert.ok(!html.includes('\u202e') && !html.includes('\x1b'));
  assert.match(html, /<span class="fired">&gt; {5}503 x/);
  assert.doesNotMatch(html, /<(?:img|link|script|iframe)|https?:/);
});

test('a recording without alerts is not a capture, and without a state says so', () => {
  const [images, , events] = blocks();
  assert.ok(images && events);
  using folder = new Folder();
  writeFileSync(folder.file('plain.wsp'), writeBlocks([images, events]).bytes);
  assert.equal(whyNoAlert(readNotes(folder.file('plain.wsp'))), NO_CAPTURE);
  const report = reportOfBytes(writeBlocks(blocks().filter(({ kind }) => kind !== BLOCK_KIND.STATE)).bytes);
  assert.deepEqual(report.missing, ['The state was not taken.']);
});

test('without the process that fired, what all others did is shown', () => {
  const [images, , , , alert] = blocks();
  assert.ok(images && alert);
  const events = Array.from({ length: 60 }, (_, number) =>
    event('unlink', 4, { time: at(2) + BigInt(number), raw: `/tmp/${number}`, dirfd: -100 }),
  );
  const notes = { alert: { ...ALERT, pid: 9999 }, terms: { scope: 'container', beforeMs: 1, afterMs: 1 } } as const;
  const report = reportOfBytes(
    writeBlocks([
      images,
      { payload: payloadOf([], events), events: events.length },
      { kind: BLOCK_KIND.ALERT, events: 0, payload: noteBytes(notes) },
    ]).bytes,
  );
  const text = textOf(report);
  assert.match(text, /502 cleaner: removes \/tmp\/1\n/);
  assert.match(text, /\(21 more entries are left out: --json has all\)/);
  assert.match(text, /The file lacks the process that fired\./);
});

test('command lines are masked by their words, which blanks and quotes in them can not hide', () => {
  const words = [
    'curl',
    '-H',
    'X-Custom: 1',
    '-H',
    'Cookie: a=1; b=hunter2',
    "--password=it's hunter2",
    '-d',
    '{"a": "',
    'http://h',
  ];
  const image = processImage(1, {
    kind: IMAGE_KIND.EXEC,
    comm_bytes: 'curl',
    pid: 503,
    time: at(1),
    argv: words.map((word) => `${word}\0`).join(''),
  });
  const report = reportOfBytes(
    writeBlocks([
      { payload: payloadOf([logEntry(image)], [event('execve', 1, { time: at(2) })]), events: 1 },
      { kind: BLOCK_KIND.ALERT, events: 0, payload: noteBytes({ alert: ALERT }) },
    ]).bytes,
  );
  const shown = 'curl -H X-Custom: 1 -H Cookie: *** --password=*** -d {"a": " http://h';
  const text = textOf(report);
  assert.ok(text.includes(`> 503 ${shown.replaceAll('"', '\\"')}`), text);
  assert.ok(text.includes(`: runs ${shown.replaceAll('"', '\\"')}`), text);
  const json = JSON.parse(reportJson(report, MASK));
  assert.equal(json.processes[0].programs[0].commandLine, shown);
  assert.equal(json.timeline[0].text, `runs ${shown}`);
});

test('a first word that names another program than the process does is shown beside its name', () => {
  const lineOf = (name: string, ...words: string[]) =>
    commandLineOf({ ...{ time: 0n, image: 1n, executable: '', user: '', commandLine: '' }, name, words }, MASK);
  assert.equal(lineOf('exe', 'cat', '/etc/hostname'), 'exe (cat) /etc/hostname');
  assert.equal(lineOf('bash', '-bash'), 'bash');
  assert.equal(lineOf('containerd-shim', '/usr/bin/containerd-shim-runc-v2', '-id', '1'), 'containerd-shim -id 1');
  assert.equal(lineOf('sh', ''), 'sh');
  assert.equal(lineOf('dropped', 'mysql', '-phunter2'), 'dropped (mysql) -p***');
});

test('a long chain of forks is shown whole', () => {
  const count = 16_000;
  assert.equal(reportOfBytes(forkChain(count, ALERT)).shown.size, count);
});
