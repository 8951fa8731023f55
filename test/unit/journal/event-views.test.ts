// Histories: events with the fields of rules, and what happened to processes, out of recordings.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { History, type HistoryItem, type HistoryWants } from '../../../host/journal/event-views.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import type { ReplayReport } from '../../../host/recording/replay.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { event, process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const START = 1_795_528_388_365_763_965n;
const CONTAINER_ID = '0123456789abcdef'.repeat(4);
const FORK = 1;
const EXIT = 3;

const IMAGES = [
  logEntry(processImage(1, { kind: 5, comm_bytes: 'bash', pid: 500, time: START, argv: 'bash\0-l\0', cwd: '/home' })),
  logEntry(processImage(2, { kind: FORK, comm_bytes: 'bash', pid: 501, parent: 1, time: START + 1n })),
  logEntry(
    processImage(3, { comm_bytes: 'cat', pid: 501, parent: 1, previous: 2, time: START + 2n, argv: 'cat\0x\0' }),
    { user: 'alice', container: CONTAINER_ID, containerType: 'docker' },
  ),
];
const EXITED = logEntry(processImage(3, { kind: EXIT, pid: 501, time: START + 9n, exit_code: 1 << 8 }));

interface Read {
  readonly rows: readonly (readonly unknown[])[];
  readonly report: ReplayReport;
}

function read(bytes: Uint8Array, wants: HistoryWants, row: (item: HistoryItem) => readonly unknown[]): Read {
  using folder = new Folder();
  const path = folder.file('history.wsp');
  writeFileSync(path, bytes);
  using history = new History(path);
  const items = history.items(wants);
  const rows: (readonly unknown[])[] = [];
  for (let next = items.next(); ; next = items.next()) {
    if (next.done) return { rows, report: next.value };
    rows.push(row(next.value));
  }
}

const block = (images: readonly Uint8Array[], events: readonly Uint8Array[]) => ({
  payload: payloadOf(images, events),
  events: events.length,
});

test('events have the fields that alerts print, processes come before their events and end after them', () => {
  const builder = new PayloadBuilder();
  builder.step(1n, true);
  builder.container(
    CONTAINER_ID,
    encodeStruct(CONTAINER, { state: CONTAINER_STATE.KNOWN, id: CONTAINER_ID.slice(0, 12), name: 'web' }),
  );
  const { bytes } = writeBlocks([
    block(IMAGES, []),
    { payload: builder.take(), events: 0 },
    block([], [shadowRead(3, { time: START + 5n, raw: '../etc//./shadow', name: undefined, resolved: '/etc/shadow' })]),
    block([EXITED], []),
  ]);
  const { rows, report } = read(bytes, { processes: true }, (item) =>
    item.kind === 'process'
      ? [
          item.change,
          item.id,
          item.previous,
          item.time - START,
          item.text('cmdline'),
          item.text('user_name'),
          ...(item.change === 'exit' ? [item.waitStatus] : []),
        ]
      : [
          item.type,
          item.image,
          item.time - START,
          ...['fd.name', 'proc.cmdline', 'proc.pname', 'user.name', 'container.name', 'proc.aname[7]'].map((name) =>
            item.text(name),
          ),
        ],
  );
  assert.deepEqual(rows, [
    ['snapshot', 1n, 0n, 0n, 'bash -l', 'root'],
    ['fork', 2n, 0n, 1n, 'bash', 'root'],
    ['exec', 3n, 2n, 2n, 'cat x', 'alice'],
    ['openat', 3n, 5n, '/etc/shadow', 'cat x', 'bash', 'alice', 'web', undefined],
    ['exit', 3n, 0n, 9n, undefined, undefined, 1 << 8],
  ]);
  assert.deepEqual(report.damage, []);
  assert.equal(report.events, 1);
});

test('only the wanted events are read, each once', () => {
  const events = Array.from({ length: 5000 }, (_, index) =>
    index % 10 === 0
      ? event('unlink', 1, { time: START + BigInt(index), raw: `x${index}`, dirfd: -100 })
      : // Two names: the record has two views.
        shadowRead(3, { time: START + BigInt(index), raw: '/tmp/link', name: '/tmp/link', resolved: '/etc/shadow' }),
  );
  const { bytes } = writeBlocks([block(IMAGES, events)]);
  const unlinks = read(bytes, { types: new Set(['unlink']) }, (item) => [item.time - START]);
  assert.deepEqual(
    unlinks.rows.map(([time]) => time),
    Array.from({ length: 500 }, (_, index) => BigInt(index) * 10n),
  );
  const all = read(bytes, {}, (item) => [item.kind === 'event' && item.text('fd.name')]);
  assert.equal(all.rows.length, 5000);
  assert.equal(all.rows[1]?.[0], '/etc/shadow');
});

test('of a damaged file the whole blocks are read, and the damage is in the report', () => {
  const blocks = [1, 2, 3].map((index) => block(IMAGES, [shadowRead(3, { time: START + BigInt(index) })]));
  const { bytes, starts } = writeBlocks(blocks);
  bytes.fill(0xff, (starts[1] ?? 0) + 60, (starts[1] ?? 0) + 70);
  const { rows, report } = read(bytes, {}, (item) => [item.time - START]);
  assert.deepEqual(rows, [[1n], [3n]]);
  assert.equal(report.damage.length, 1);
  assert.match(report.damage[0]?.reason ?? '', /checksum/);
});

test('a history that is left early, or read by the hundred, keeps nothing', () => {
  const { bytes } = writeBlocks([block(IMAGES, [shadowRead(3)])]);
  using folder = new Folder();
  const path = folder.file('history.wsp');
  writeFileSync(path, bytes);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const mapped = (): number => readFileSync('/proc/self/maps', 'utf8').match(/memfd:/g)?.length ?? 0;
  const before = [open(), mapped()];
  for (let round = 0; round < 200; round++) {
    using history = new History(path);
    for (const item of history.items()) {
      assert.equal(item.kind, 'event');
      break;
    }
  }
  assert.deepEqual([open(), mapped()], before);
});

test('an unknown field is an error', () => {
  const { bytes } = writeBlocks([block(IMAGES, [shadowRead(3)])]);
  assert.throws(() => read(bytes, {}, (item) => [item.kind === 'event' && item.text('fd.nam')]), /no field fd\.nam/);
});

test('a file that is still written is read to its end, and again from there', () => {
  const { bytes, starts } = writeBlocks(
    [1, 2].map((index) => block(IMAGES, [shadowRead(3, { time: START + BigInt(index) })])),
  );
  using folder = new Folder();
  const path = folder.file('growing.wsp');
  const [, second = 0, end = 0] = starts;
  // The first block, and a part of the second.
  writeFileSync(path, bytes.subarray(0, second + 100));
  using history = new History(path, true);
  const seen: string[] = [];
  const items = history.all({ follows: true });
  let next = items.next();
  for (; !next.done; next = items.next()) {
    const { value } = next;
    seen.push(value.kind === 'event' ? String(value.time - START) : value.kind);
    if (value.kind === 'pause' && seen.length === 3) writeFileSync(path, bytes.subarray(0, end));
    if (value.kind === 'pause' && seen.length === 5) writeFileSync(path, bytes);
  }
  assert.deepEqual(seen, ['1', 'pause', 'pause', '2', 'pause']);
  assert.deepEqual(next.value.damage, []);
});
