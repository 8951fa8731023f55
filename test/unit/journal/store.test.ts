// The store of the journal: segments within bounds, what can't be written, the index, and the names of files.

import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { JournalBlock } from '../../../host/engine/messages/journal-block.ts';
import { findHistory } from '../../../host/journal/history.ts';
import { AUDIT_FILES, expired, SEGMENTS, storedFiles } from '../../../host/journal/retention.ts';
import { decodeIndex, encodeIndex } from '../../../host/journal/segment-index.ts';
import { JournalStore } from '../../../host/journal/store.ts';
import { BLOCK_HEAD_BYTES, BLOCK_KIND, readBlockHead } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { RecordingReader } from '../../../host/recording/reader.ts';
import { directoryForTest } from '../../support/directory.ts';
import { FACTS, sourceOf } from '../../support/records/recordings.ts';
import { eventRecord } from '../../support/records/records.ts';

const BOUNDS = { keep: 3_600_000, maxBytes: 4 << 20 };
let seed = 1;

/** Bytes that can't be compressed. */
function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed >>> 16;
  });
}

function blockOf(events: number, given: Partial<JournalBlock> = {}): JournalBlock {
  const payload = new PayloadBuilder();
  payload.step(1n, false);
  for (let event = 0; event < events; event++) {
    const record = eventRecord('setuid', { image: 1n, numbers: [BigInt(event), 0n, 0n, 0n] });
    payload.fillRecords(record.length, (into) => {
      into.set(record);
      return record.length;
    });
  }
  const extent = {
    events,
    first: 1_800_000_000_123_456_789n,
    last: 1_800_000_001_000_000_000n,
    pids: Uint32Array.of(1, 7, 4_000_000),
    containers: ['host', 'c'.repeat(64)],
  };
  return { payload: payload.take(), extent, begins: false, leftOut: 0, ...given };
}

/** A block of that many bytes on disk, whose contents are not looked at. */
const large = (bytes: number, given: Partial<JournalBlock> = {}): JournalBlock => ({
  ...blockOf(1, given),
  payload: new Uint8Array(noise(bytes)),
});

function open(folder: string, bounds = BOUNDS) {
  const asked: string[] = [];
  const store = new JournalStore(
    { ...bounds, folder },
    {
      facts: () => FACTS,
      dropped: () => 0,
      beginSegment: () => asked.push('segment'),
      onFailure: (error) => asked.push(`failure: ${error instanceof Error ? error.message.split(':')[0] : error}`),
      onRecovery: (leftOut) => asked.push(`recovery: ${leftOut}`),
    },
  );
  return { store, asked };
}

test('blocks become recordings with an index', async (context) => {
  const folder = join(directoryForTest(context), 'deep/journal');
  const { store } = open(folder);
  await store.add(blockOf(3, { begins: true }));
  await store.add(blockOf(2));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const [file] = findHistory([folder]).files;
  assert.ok(file && !file.isComplete);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  await store.add(blockOf(1, { begins: true }));
  await store.close();
  const { files } = findHistory([folder]);
  assert.deepEqual(
    files.map(({ isComplete }) => isComplete),
    [true, true],
  );
  const reader = new RecordingReader(sourceOf(readFileSync(file.path)));
  const events = [...reader.payloads()].map((payload) => payload.events);
  assert.deepEqual([events, reader.damage, reader.end?.events], [[3, 2], [], 5]);
  const index = indexOf(readFileSync(file.path));
  assert.deepEqual(
    index?.map(({ at: _, ...block }) => block),
    [3, 2].map((count) => ({
      events: count,
      from: 1_800_000_000_123,
      to: 1_800_000_001_001,
      pids: [1, 7, 4_000_000],
      containers: ['host', 'c'.repeat(64)],
      types: ['setuid'],
    })),
  );
  const { segments, events: total, leftOut, failure, bytes } = store.summary;
  assert.deepEqual([segments, total, leftOut, failure], [2, 6, 0, undefined]);
  assert.equal(
    bytes,
    files.reduce((sum, each) => sum + each.bytes, 0),
  );
});

function indexOf(bytes: Buffer): ReturnType<typeof decodeIndex> {
  const at = Array.from({ length: bytes.length }, (_, place) => place).find(
    (place) => readBlockHead(bytes.subarray(place))?.kind === BLOCK_KIND.INDEX,
  );
  const head = at === undefined ? undefined : readBlockHead(bytes.subarray(at));
  if (at === undefined || !head) return undefined;
  return decodeIndex(bytes.subarray(at + BLOCK_HEAD_BYTES, at + BLOCK_HEAD_BYTES + head.storedLength));
}

test('a segment says how many events were left out before the next one, and the last one those at the end', async (context) => {
  const folder = directoryForTest(context);
  const { store } = open(folder);
  await store.add(blockOf(1, { begins: true }));
  await store.add(blockOf(1, { begins: true, leftOut: 12 }));
  await store.leftOut(3);
  await store.leftOut(2);
  await store.close();
  const ends = findHistory([folder]).files.map(({ path }) => {
    const reader = new RecordingReader(sourceOf(readFileSync(path)));
    return [[...reader.payloads()].length, reader.end?.dropped];
  });
  assert.deepEqual(
    [ends, store.summary.leftOut],
    [
      [
        [1, 12],
        [1, 5],
      ],
      17,
    ],
  );
});

test('files that do not concern a container or a process are left out, by their index', async (context) => {
  const folder = directoryForTest(context);
  const { store } = open(folder);
  const about = (pid: number, container: string) => {
    const block = blockOf(1, { begins: true });
    return { ...block, extent: { ...block.extent, pids: Uint32Array.of(pid), containers: [container] } };
  };
  await store.add(about(5, 'host'));
  await store.add(about(6, 'c'.repeat(64)));
  await store.close();
  const count = (subject: object): number => findHistory([folder], subject).files.length;
  assert.deepEqual(
    [{}, { pid: 5 }, { pid: 7 }, { container: 'c'.repeat(12) }, { container: 'host', pid: 6 }].map(count),
    [2, 1, 0, 1, 0],
  );
});

test('a segment that is large enough is ended by the worker, once', async (context) => {
  const { store, asked } = open(directoryForTest(context));
  await store.add(large(200 << 10, { begins: true }));
  assert.deepEqual(asked, []);
  await store.add(large(100 << 10));
  await store.add(large(100 << 10));
  assert.deepEqual(asked, ['segment']);
  await store.add(large(300 << 10, { begins: true }));
  assert.deepEqual(asked, ['segment', 'segment']);
  await store.close();
});

test('the oldest are removed beyond the size, other files never', async (context) => {
  const folder = directoryForTest(context);
  writeFileSync(join(folder, 'notes'), noise(5 << 20));
  writeFileSync(join(folder, 'journal-old.wsp'), '');
  symlinkSync(join(folder, 'notes'), join(folder, SEGMENTS.name(1)));
  mkdirSync(join(folder, SEGMENTS.name(2)));
  const { store } = open(folder);
  for (let segment = 0; segment < 20; segment++) {
    await store.add(large(400 << 10, { begins: true }));
    assert.ok(store.summary.bytes <= BOUNDS.maxBytes);
  }
  await store.close();
  const { segments, removed, bytes } = store.summary;
  assert.ok(segments >= 8 && segments + removed === 20, `${segments} and ${removed}`);
  assert.ok(bytes <= BOUNDS.maxBytes && bytes > BOUNDS.maxBytes - (500 << 10));
  const others = ['notes', 'journal-old.wsp', SEGMENTS.name(1), SEGMENTS.name(2)];
  assert.deepEqual(
    others.filter((name) => !readdirSync(folder).includes(name)),
    [],
  );
  // The next store knows what is there.
  const next = open(folder, { ...BOUNDS, maxBytes: 1 << 20 }).store;
  await next.add(blockOf(1, { begins: true }));
  assert.ok(next.summary.bytes <= 1 << 20);
  next.setBounds({ ...BOUNDS, maxBytes: 500 << 10 });
  await next.add(blockOf(1));
  assert.ok(next.summary.bytes <= 500 << 10);
  await next.close();
});

test('what is too old is removed', async (context) => {
  const folder = directoryForTest(context);
  for (const [name, hours] of [
    ['journal-20260101T000000.000Z.wsp', 3],
    ['journal-20260101T010000.000Z.wsp', 0.5],
  ] as const) {
    writeFileSync(join(folder, name), 'x');
    const time = Date.now() / 1000 - hours * 3600;
    utimesSync(join(folder, name), time, time);
  }
  const { store } = open(folder);
  await store.add(blockOf(1, { begins: true }));
  await store.close();
  assert.deepEqual(readdirSync(folder).sort().slice(0, 1), ['journal-20260101T010000.000Z.wsp']);
  assert.equal(store.summary.removed, 1);
});

test('audit events that nobody receives any more are removed when they are too old', async (context) => {
  const folder = directoryForTest(context);
  const hoursAgo = (hours: number): string => {
    const time = Date.now() - hours * 3_600_000;
    const name = AUDIT_FILES.name(time);
    writeFileSync(join(folder, name), 'x');
    utimesSync(join(folder, name), time / 1000, time / 1000);
    return name;
  };
  const [old, young] = [hoursAgo(3), hoursAgo(0.5)];
  const { store } = open(folder);
  await store.add(blockOf(1, { begins: true }));
  assert.ok(readdirSync(folder).includes(old));
  store.setBounds(BOUNDS);
  await store.close();
  const left = readdirSync(folder).filter((name) => name.startsWith('audit-'));
  assert.deepEqual(left, [young]);
  assert.equal(store.summary.removed, 0, 'they are no segments');
});

test('what can not be written is counted, said once, and written again later', async (context) => {
  const folder = join(directoryForTest(context), 'journal');
  writeFileSync(folder, 'in the way');
  const { store, asked } = open(folder);
  await store.add(blockOf(3, { begins: true }));
  await store.add(blockOf(4));
  await store.add(blockOf(2, { begins: true }));
  assert.equal(asked.filter((each) => each.startsWith('failure')).length, 1);
  assert.match(store.summary.failure ?? '', /exists|not a directory/);
  assert.equal(store.summary.leftOut, 9);
  rmSync(folder);
  mkdirSync(folder);
  await store.add(blockOf(5, { begins: true }));
  assert.deepEqual(asked.at(-1), 'recovery: 9');
  assert.deepEqual([store.summary.failure, store.summary.events], [undefined, 5]);
  await store.close();
});

test('one agent at a time writes into a folder; the next one goes on with what it has left, also in a new folder of that name', async (context) => {
  const folder = directoryForTest(context);
  const [first, second] = [open(folder), open(folder)];
  await first.store.add(blockOf(1, { begins: true }));
  await second.store.add(blockOf(2, { begins: true }));
  await first.store.add(blockOf(1, { begins: true }));
  assert.deepEqual(second.asked, ['failure: another agent is probably writing its journal to this folder']);
  assert.deepEqual([second.store.summary.leftOut, first.store.summary.failure], [2, undefined]);
  await first.store.close();
  await second.store.add(blockOf(3, { begins: true }));
  assert.deepEqual(second.asked.slice(1), ['recovery: 2']);
  assert.deepEqual([second.store.summary.segments, findHistory([folder]).files.length], [3, 3]);
  rmSync(folder, { recursive: true });
  await second.store.add(blockOf(1, { begins: true }));
  const third = open(folder);
  await third.store.add(blockOf(1, { begins: true }));
  assert.equal(third.asked.length, 1);
  await Promise.all([second.store.close(), third.store.close()]);
});

test('events that the worker left out are reported', async (context) => {
  const { store, asked } = open(directoryForTest(context));
  await store.add(blockOf(1, { begins: true }));
  await store.add(blockOf(1, { begins: true, leftOut: 7 }));
  assert.deepEqual(asked, ['failure: the disk does not keep up', 'recovery: 7']);
  assert.equal(store.summary.leftOut, 7);
  await store.close();
});

test('names sort by time, and tell segments that begin in the same millisecond apart', async (context) => {
  const folder = directoryForTest(context);
  const now = Date.UTC(2026, 10, 27, 8, 17, 44, 290);
  assert.equal(SEGMENTS.name(now), 'journal-20261127T081744.290Z.wsp');
  assert.equal(SEGMENTS.name(now, 2), 'journal-20261127T081744.290Z-2.wsp');
  const { store } = open(folder);
  for (let segment = 0; segment < 30; segment++) await store.add(blockOf(1, { begins: true }));
  await store.close();
  assert.equal((await storedFiles(folder, SEGMENTS)).length, 30);
});

test('which are expired: the oldest, and none that others would make room for', () => {
  const segments = [10, 20, 30].map((bytes, place) => ({ path: `${place}`, bytes, ended: place * 100 }));
  const paths = (maxBytes: number, keep: number, beside = 0, now = 200) =>
    expired(segments, { maxBytes, keep }, beside, now).map(({ path }) => path);
  assert.deepEqual(paths(60, 1000), []);
  assert.deepEqual(paths(59, 1000), ['0']);
  assert.deepEqual(paths(60, 1000, 11), ['0', '1']);
  assert.deepEqual(paths(0, 1000), ['0', '1', '2']);
  assert.deepEqual(paths(60, 150), ['0']);
  assert.deepEqual(paths(60, 50), ['0', '1']);
});

test('when the clock was set, another segment begins, once', async (context) => {
  const { store, asked } = open(directoryForTest(context));
  await store.add(blockOf(1, { begins: true }));
  const real = Date.now;
  context.mock.method(Date, 'now', () => real() + 2_000);
  await store.add(blockOf(1));
  assert.deepEqual(asked, []);
  for (const step of [-3_600_000, 3_600_000]) {
    context.mock.method(Date, 'now', () => real() + step);
    await store.add(blockOf(1));
    await store.add(blockOf(1));
    assert.deepEqual(asked.splice(0), ['segment']);
    await store.add(blockOf(1, { begins: true }));
    await store.add(blockOf(1));
    assert.deepEqual(asked, []);
  }
  await store.close();
});

test('segments of a clock that was far ahead go first, and none of them goes by its age', () => {
  const day = 86_400_000;
  const now = 100 * day;
  const segments = [now - 3 * day, now - day, now + 1, now + 50 * day, now + 51 * day].map((ended, place) => ({
    path: `${place}`,
    bytes: 10,
    ended,
  }));
  const paths = (maxBytes: number, keep: number) =>
    expired(segments, { maxBytes, keep }, 0, now).map(({ path }) => path);
  assert.deepEqual(paths(50, 7 * day), []);
  assert.deepEqual(paths(30, 7 * day), ['3', '4']);
  assert.deepEqual(paths(20, 7 * day), ['3', '4', '0']);
  assert.deepEqual(paths(50, 2 * day), ['0']);
});

test('an invalid index is not decoded', () => {
  const sound = { at: 5, events: 1, from: 10, to: 12, pids: [3], containers: ['host'], types: ['openat'] };
  assert.deepEqual(decodeIndex(zstdCompressSync(encodeIndex([sound]))), [sound]);
  const hostile: unknown[] = [
    null,
    [],
    {},
    { containers: [], blocks: [[1, 1, 1, 1, [0], null]] },
    { containers: ['a'], blocks: [[1, 1, 1, 1, ['0'], null]] },
    { containers: ['a'], blocks: [[-1, 1, 1, 1, [], null]] },
    { containers: ['a'], blocks: [[1, 1, 1, 1, [], [1.5]]] },
    { containers: ['a'], blocks: [7] },
  ];
  for (const each of hostile) {
    assert.equal(decodeIndex(zstdCompressSync(Buffer.from(JSON.stringify(each)))), undefined, JSON.stringify(each));
  }
  assert.equal(decodeIndex(new Uint8Array(9)), undefined);
});
