// The report of a capture: text, JSON and HTML, of what happened and of what a hostile process would like it to say.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CapturedAlert, NO_CAPTURE, noteBytes, whyNoAlert } from '../../../host/captures/notes/capture-notes.ts';
import { readNotes } from '../../../host/captures/notes/read-notes.ts';
import { commandLineOf } from '../../../host/captures/report/command-line.ts';
import { reportHtml } from '../../../host/captures/report/html.ts';
import { reportJson } from '../../../host/captures/report/json.ts';
import { type Report, reportOf } from '../../../host/captures/report/report.ts';
import { reportText } from '../../../host/captures/report/text.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { BLOCK_KIND } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { event, process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { forkChain } from '../../support/records/fork-chain.ts';
import { Folder, logEntry, payloadOf, type WrittenBlock, writeBlocks } from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';

const START = 1_795_528_388_365_763_965n;
const SECOND = 1_000_000_000n;
const CONTAINER_ID = '0123456789abcdef'.repeat(4);
const [SNAPSHOT, FORK, EXEC, EXIT] = [5, 1, 2, 3];
const MASK = new SecretMask();
const IN_CONTAINER = { user: 'app', container: CONTAINER_ID, containerType: 'containerd' };

const HOSTILE = 'x\x1b[2J\n> 1 <script>alert(1)</script>\u202e';

const ALERT: CapturedAlert = {
  rule: 'Dropped program run',
  priority: 'Critical',
  time: START + 2n * SECOND,
  message: 'run (command=./x --password=hunter2)',
  tags: ['mitre'],
  fields: { 'proc.cmdline': './x --password=hunter2' },
  pid: 503,
  container: CONTAINER_ID,
};

const STATE: State = {
  taken: 1,
  milliseconds: 12,
  times: { begun: 31, fired: 34, processes: 36, files: 40, details: 43, hashes: 90 },
  processes: [
    {
      pid: 503,
      vpid: 7,
      parent: 501,
      session: 501,
      name: 'x',
      status: 'S',
      started: 1,
      arguments: ['./x', '--password=hunter2'],
      environment: ['PATH'],
      executable: { path: '/tmp/x', deleted: true, size: 9, inode: 3 },
      users: [0, 0, 0, 0],
      groups: [0, 0, 0, 0],
      supplementary: [],
      capabilities: { effective: '0', permitted: '0', bounding: '0' },
      noNewPrivileges: false,
      seccomp: 2,
      terminal: false,
      details: {
        descriptors: [
          {
            number: 3,
            target: 'socket:[1]',
            access: 'rw',
            socket: { protocol: 'tcp', local: '10.0.0.2:4000', peer: '192.0.2.7:443', status: 'established' },
          },
        ],
        executableMaps: [],
      },
    },
  ],
  mounts: [],
  listening: [{ protocol: 'tcp', address: '0.0.0.0:80', pids: [500] }],
  changed: [
    { path: '/tmp/x', kind: 'file', size: 9, mode: 0o755, user: 0, modified: 1, changed: 1, sha256: 'ab'.repeat(32) },
  ],
  missing: ['Only one of its processes was read.'],
};

const at = (seconds: number): bigint => START + BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n);
const created = { kind: 'f'.charCodeAt(0), open_flags: 0o101, state: DESCRIPTOR_STATE.CREATED, dirfd: -100 };

/**
 * A server (500) whose shell (501) drops a program, runs it (503), and connects. A cleaner (502) has nothing to do with it.
 * @param isInOrder whether the events come in order of time
 */
function blocks(isInOrder = true): WrittenBlock[] {
  const container = new PayloadBuilder();
  container.step(1n, true);
  container.container(
    CONTAINER_ID,
    encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, id: CONTAINER_ID.slice(0, 12), name: 'web' }),
  );
  const images = [
    logEntry(
      processImage(1, { kind: SNAPSHOT, comm_bytes: 'nginx', pid: 500, time: START, argv: 'nginx\0' }),
      IN_CONTAINER,
    ),
    logEntry(processImage(2, { kind: FORK, comm_bytes: 'nginx', pid: 501, parent: 1, time: at(1) }), IN_CONTAINER),
    logEntry(
      processImage(3, {
        kind: EXEC,
        comm_bytes: 'sh',
        pid: 501,
        parent: 1,
        previous: 2,
        time: at(1.1),
        argv: 'sh\0-c\0./x\0',
      }),
      IN_CONTAINER,
    ),
    logEntry(
      processImage(4, { kind: SNAPSHOT, comm_bytes: 'cleaner', pid: 502, time: START, argv: 'cleaner\0' }),
      IN_CONTAINER,
    ),
    logEntry(processImage(5, { kind: FORK, comm_bytes: 'sh', pid: 503, parent: 3, time: at(1.9) }), IN_CONTAINER),
    logEntry(
      processImage(6, {
        kind: EXEC,
        comm_bytes: 'x',
        pid: 503,
        parent: 3,
        previous: 5,
        time: at(2),
        argv: './x\0--password=hunter2\0',
      }),
      IN_CONTAINER,
    ),
  ];
  const events = [
    event('openat', 3, { ...created, time: at(1.5), raw: '/tmp/x', name: '/tmp/x', resolved: '/tmp/x' }),
    event('openat', 4, {
      ...created,
      time: at(1.6),
      raw: HOSTILE,
      name: `/tmp/${HOSTILE}`,
      resolved: `/tmp/${HOSTILE}`,
    }),
    event('execve', 6, { time: at(2) }),
    ...Array.from({ length: 3 }, () => event('unlink', 6, { time: at(2.5), raw: '/tmp/x', dirfd: -100 })),
    shadowRead(6, { time: at(3) }),
  ];
  return [
    { payload: payloadOf(images, []), events: 0 },
    { payload: container.take(), events: 0 },
    { payload: payloadOf([], isInOrder ? events : events.toReversed()), events: events.length },
    {
      payload: payloadOf([logEntry(processImage(6, { kind: EXIT, pid: 503, time: at(4), exit_code: 9 }))], []),
      events: 0,
    },
    {
      kind: BLOCK_KIND.ALERT,
      events: 0,
      payload: noteBytes({ alert: ALERT, terms: { scope: 'container', beforeMs: 30_000, afterMs: 5000 } }),
    },
    { kind: BLOCK_KIND.STATE, events: 0, payload: noteBytes(STATE) },
  ];
}

function reportOfBytes(bytes: Uint8Array): Report {
  using folder = new Folder();
  const path = folder.file('capture.wsp');
  writeFileSync(path, bytes);
  return reportOf(path, readNotes(path));
}

const textOf = (report: Report): string =>
  reportText(report, { width: 120, bold: (title) => `# ${title}`, mask: MASK });

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

test('a recording without alerts is no capture, and without a state says so', () => {
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
    event('unlink', 4, { time: START + 2n * SECOND + BigInt(number), raw: `/tmp/${number}`, dirfd: -100 }),
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

test('notes of another shape are left out, and bytes that are flipped never end in a crash', () => {
  const whole = blocks();
  const other = [
    { kind: BLOCK_KIND.ALERT, events: 0, payload: Buffer.from('{"alert":{"rule":1}}') },
    { kind: BLOCK_KIND.ALERT, events: 0, payload: Buffer.from('no JSON') },
    { kind: BLOCK_KIND.STATE, events: 0, payload: Buffer.from('{"processes":[{}]}') },
  ];
  const report = reportOfBytes(writeBlocks([...other, ...whole]).bytes);
  assert.equal(report.alerts.length, 1);
  const { bytes, starts } = writeBlocks(whole);
  using folder = new Folder();
  const path = folder.file('damaged.wsp');
  for (let place = starts[0] ?? 0; place < bytes.length; place += 13) {
    const damaged = Buffer.from(bytes);
    damaged[place] = (damaged[place] ?? 0) ^ 0x21;
    writeFileSync(path, damaged);
    textOf(reportOf(path, readNotes(path)));
  }
  assert.ok(readFileSync(path).length > 0);
});

/** Copies of a value, each with another value at one place of it. */
function* changedOnce(value: unknown, others: readonly unknown[]): Generator<unknown> {
  yield* others;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    for (const other of changedOnce(each, others)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
  }
}

test('a note with any value at any place is shown or left out', () => {
  const numbers = [-1, 1.5, 1e300, -1e300, 8.64e15, 2 ** 53, 2 ** 32];
  const others = [...numbers, '', '9'.repeat(30), '-5', '1e5', 'x\ny', null, [], [null], {}, true];
  const alert = {
    kind: BLOCK_KIND.ALERT,
    payload: noteBytes({ alert: ALERT, terms: { scope: 'all', beforeMs: 1, afterMs: 1 } }),
  };
  const state = { kind: BLOCK_KIND.STATE, payload: noteBytes(STATE) };
  let shown = 0;
  for (const [changed, kept] of [
    [alert, state],
    [state, alert],
  ] as const) {
    for (const json of changedOnce(JSON.parse(Buffer.from(changed.payload).toString()), others)) {
      const notes = [{ ...changed, payload: Buffer.from(JSON.stringify(json)) }, kept];
      using folder = new Folder();
      const path = folder.file('changed.wsp');
      writeFileSync(path, writeBlocks(notes.map((note) => ({ ...note, events: 0 }))).bytes);
      const report = reportOf(path, readNotes(path));
      for (const text of [textOf(report), reportJson(report, MASK), reportHtml(report, MASK)]) assert.ok(text !== '');
      shown++;
    }
  }
  assert.ok(shown > 500, `${shown}`);
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
    kind: EXEC,
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

test('nothing of a hostile capture reaches a terminal as it is', () => {
  const hostile = 'x\x1b[2J\u009b2J\u202e';
  const alert = {
    ...ALERT,
    rule: hostile,
    priority: hostile,
    message: hostile,
    container: hostile,
    fields: { f: hostile },
  };
  const state: State = {
    ...STATE,
    listening: [{ protocol: 'tcp', address: `${hostile}\ny`, pids: [] }],
    changed: [{ path: hostile, kind: 'file', size: 9, mode: 0o755, user: 0, modified: 1, changed: 1, sha256: hostile }],
    missing: [hostile],
  };
  const report = reportOfBytes(
    writeBlocks([
      { kind: BLOCK_KIND.ALERT, events: 0, payload: noteBytes({ alert }) },
      { kind: BLOCK_KIND.STATE, events: 0, payload: noteBytes(state) },
    ]).bytes,
  );
  for (const text of [textOf(report), reportJson(report, MASK), reportHtml(report, MASK)]) {
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]/u);
  }
  assert.match(textOf(report), /sha256 \(invalid\)/);
  assert.doesNotMatch(textOf(report), /^y /m);
});
