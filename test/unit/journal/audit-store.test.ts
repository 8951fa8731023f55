// Audit events beside the journal: what is kept comes back, within the bounds, whatever happens to disk and files.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { HEAD_BYTES, nextAuditHead } from '../../../host/journal/audit/audit-block.ts';
import { AuditFileReader, findAuditFiles } from '../../../host/journal/audit/audit-files.ts';
import { AuditStore } from '../../../host/journal/audit/audit-store.ts';
import { AUDIT_LOCK, FolderLock, JOURNAL_LOCK } from '../../../host/journal/folder-lock.ts';
import { AUDIT_FILES } from '../../../host/journal/retention.ts';
import { directoryForTests } from '../../support/directory.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
let folders = 0;
const newFolder = (): string => join(directory, `journal-${folders++}`);
/** What a frame of Zstandard begins with. */
const FRAME = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
const BOUNDS = { maxBytes: 1e9, keep: 1e9 };

/** A block of one event. @param filler bytes that can't be packed */
function blockOf(id: number, filler = 0) {
  const noise = Buffer.from(Array.from({ length: filler }, () => Math.floor(Math.random() * 256))).toString('base64');
  return { lines: Buffer.from(`${JSON.stringify({ id, noise })}\n`), events: 1, to: Date.now() };
}

function readThrough(path: string): AuditFileReader {
  const reader = new AuditFileReader(path);
  for (const _ of reader.blocks());
  return reader;
}

/** Where the blocks of a file begin. */
function heads(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let at: number | undefined = 0; at !== undefined; at = nextAuditHead(bytes, at + 1)) found.push(at);
  return found;
}

function idsIn(folder: string): number[] {
  return findAuditFiles([folder]).flatMap((path) =>
    [...new AuditFileReader(path).blocks()].flatMap((lines) =>
      Buffer.from(lines)
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ),
  );
}

test('what is kept comes back in its order, also from a file that is being written', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  for (let id = 0; id < 20; id++) store.add(blockOf(id));
  await store.close();
  assert.deepEqual(
    idsIn(folder),
    Array.from({ length: 20 }, (_, id) => id),
  );
  const { files, bytes, ...rest } = store.summary;
  assert.deepEqual(rest, { folder, events: 20, leftOut: 0, failure: undefined });
  assert.equal(files, 1);
  const [path = ''] = findAuditFiles([folder]);
  assert.equal(statSync(path).size, bytes);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  // The next run has a file of its own.
  const next = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  next.add(blockOf(20));
  await next.close();
  assert.equal(findAuditFiles([folder]).length, 2);
  assert.deepEqual(idsIn(folder).at(-1), 20);
});

/**
 * The content of frames behind one another, as RFC 8878 has them, by Node's decompressor: it takes one at a time, and none that is to be
 * skipped. The command `zstd` does all that by itself; a fresh machine lacks it.
 */
function decompressed(bytes: Buffer): string {
  const begins: number[] = [];
  for (let at = bytes.indexOf(FRAME); at >= 0; at = bytes.indexOf(FRAME, at + 1)) begins.push(at);
  assert.ok(begins[0] !== undefined && begins[0] > 0 && (bytes.readUInt32LE() & 0xff_ff_ff_f0) === 0x18_4d_2a_50);
  assert.equal(begins[0], 8 + bytes.readUInt32LE(4), 'behind a frame that is to be skipped');
  return begins.map((at, index) => zstdDecompressSync(bytes.subarray(at, begins[index + 1])).toString()).join('');
}

test('other decompressors read the files, too', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  for (const id of [1, 2]) store.add(blockOf(id));
  await store.close();
  const texts = findAuditFiles([folder]).map((path) => decompressed(readFileSync(path)));
  assert.equal(texts.join(''), '{"id":1,"noise":""}\n{"id":2,"noise":""}\n');
});

test('the oldest files are removed, by size and by age, and others only if they are old segments', async () => {
  const folder = newFolder();
  mkdirSync(folder);
  const old = join(folder, AUDIT_FILES.name(Date.now() - 1e6));
  for (const path of [old, join(folder, 'journal-20200101T000000.000Z.wsp'), join(folder, 'audit-notes.txt')]) {
    writeFileSync(path, 'x');
    utimesSync(path, 1000, 1000);
  }
  const store = new AuditStore({ folder, maxBytes: 1 << 20, keep: 1e6 }, assert.fail);
  for (let id = 0; id < 30; id++) store.add(blockOf(id, 60_000));
  await store.close();
  const { bytes, events, leftOut } = store.summary;
  assert.deepEqual([events, leftOut], [30, 0]);
  assert.ok(bytes <= 1 << 20 && bytes > 700_000, String(bytes));
  const ids = idsIn(folder);
  assert.deepEqual(
    ids,
    ids.map((_, index) => 30 - ids.length + index),
    'the last ones, without a gap',
  );
  assert.ok(!findAuditFiles([folder]).includes(old));
  assert.ok(statSync(join(folder, 'audit-notes.txt')) && statSync(join(folder, 'journal-20200101T000000.000Z.wsp')));
  // Other bounds apply at once.
  const next = new AuditStore({ folder, maxBytes: 1 << 20, keep: 1e6 }, assert.fail);
  next.setBounds({ maxBytes: 200_000, keep: 1e6 });
  await next.close();
  assert.ok(next.summary.bytes <= 200_000);
  // Nobody adds to them, so that nobody else would.
  const left = readdirSync(folder).filter((name) => !name.endsWith('.jsonl.zst'));
  assert.deepEqual(left, ['audit-notes.txt', 'audit.lock']);
});

test('damage costs no more than its block, and is counted', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  for (let id = 0; id < 5; id++) store.add(blockOf(id, 300));
  await store.close();
  const [path = ''] = findAuditFiles([folder]);
  const whole = readFileSync(path);
  const damaged = (change: (bytes: Buffer) => Buffer) => {
    writeFileSync(path, change(Buffer.from(whole)));
    return { ids: idsIn(folder), damage: readThrough(path).damage.map(({ reason }) => reason) };
  };
  const size = Math.floor(whole.length / 5);
  const inSecond = size + Math.floor(size / 2);
  assert.deepEqual(
    damaged((bytes) => {
      bytes[inSecond] = (bytes[inSecond] ?? 0) ^ 0xff;
      return bytes;
    }),
    { ids: [0, 2, 3, 4], damage: ['a block is damaged'] },
  );
  // The number of events that are missing before the second block.
  assert.deepEqual(
    damaged((bytes) => {
      const [, second] = heads(bytes);
      return bytes.fill(0xff, (second ?? 0) + 28, (second ?? 0) + 32);
    }),
    { ids: [0, 2, 3, 4], damage: ['a block is damaged'] },
  );
  assert.equal(readThrough(path).leftOut, 0);
  // The head of a block is lost, and so the length that leads to the next one.
  assert.deepEqual(
    damaged((bytes) => bytes.fill(0, size - 8, size + 60)),
    { ids: [2, 3, 4], damage: ['a block is damaged'] },
  );
  assert.deepEqual(
    damaged((bytes) => bytes.subarray(0, bytes.length - 7)),
    {
      ids: [0, 1, 2, 3],
      damage: ['it ends within a block'],
    },
  );
  assert.deepEqual(
    damaged(() => Buffer.from('no such file of ours')),
    { ids: [], damage: ['it ends within a block'] },
  );
  assert.deepEqual(
    damaged(() => Buffer.alloc(0)),
    { ids: [], damage: [] },
  );
});

test('a file of heads that each claim the rest is given up', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  store.add(blockOf(1));
  await store.close();
  const [path = ''] = findAuditFiles([folder]);
  const block = readFileSync(path);
  const bytes = Buffer.alloc(1 << 20);
  for (let at = 0; at + HEAD_BYTES <= bytes.length; at += HEAD_BYTES) {
    block.copy(bytes, at, 0, HEAD_BYTES);
    // The length is the first number behind the mark.
    bytes.writeUInt32LE(bytes.length - at - HEAD_BYTES, at + HEAD_BYTES - 24);
  }
  writeFileSync(path, bytes);
  const { damage } = readThrough(path);
  assert.ok(damage.length < 20, String(damage.length));
  assert.equal(damage.at(-1)?.reason, 'too much is damaged: the rest is not read');
});

test('a file is unpacked a block at a time, however large that makes it', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, assert.fail);
  store.add(blockOf(1));
  await store.close();
  const [path = ''] = findAuditFiles([folder]);
  appendFileSync(path, 'damage');
  const reader = new AuditFileReader(path);
  const blocks = reader.blocks();
  assert.equal(blocks.next().done, false);
  assert.deepEqual(reader.damage, []);
  assert.equal(blocks.next().done, true);
  assert.equal(reader.damage.length, 1);
});

test('what a disk does not take is counted, and told in the next block', async () => {
  const folder = newFolder();
  // A file stands where the folder is to be.
  writeFileSync(folder, '');
  const failures: string[] = [];
  const store = new AuditStore({ folder, ...BOUNDS }, (reason) => failures.push(reason));
  store.add(blockOf(1));
  store.add(blockOf(2));
  store.setBounds(BOUNDS);
  await until(() => store.summary.leftOut > 1);
  assert.equal(store.summary.leftOut, 2);
  assert.equal(failures.length, 1, 'once');
  assert.notEqual(store.summary.failure, undefined);
  rmSync(folder);
  await new Promise((resolve) => setTimeout(resolve, 5_100));
  store.add(blockOf(3));
  await store.close();
  assert.equal(store.summary.failure, undefined);
  const [path = ''] = findAuditFiles([folder]);
  assert.equal(readThrough(path).leftOut, 2);
  assert.deepEqual(idsIn(folder), [3]);
});

test('one agent at a time keeps them in a folder; the next one goes on with what it has left, also if the lock is removed', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const folder = newFolder();
  const failures: string[] = [];
  const open = () => new AuditStore({ folder, ...BOUNDS }, (reason) => failures.push(reason));
  const written = (store: AuditStore, events: number) => until(() => store.summary.events === events);
  const first = open();
  first.add(blockOf(1));
  await written(first, 1);
  const second = open();
  second.add(blockOf(2));
  await until(() => second.summary.leftOut === 1);
  assert.deepEqual(failures, ['another agent is probably writing audit events to this folder']);
  assert.equal(second.summary.failure, failures[0]);
  // Nor does it remove anything there.
  second.setBounds({ maxBytes: 0, keep: 0 });
  first.add(blockOf(3));
  await written(first, 2);
  await first.close();
  assert.deepEqual(idsIn(folder), [1, 3]);
  const third = open();
  third.add(blockOf(4));
  await written(third, 1);
  assert.equal(third.summary.files, 2);
  rmSync(join(folder, 'audit.lock'));
  const fourth = open();
  fourth.add(blockOf(5));
  await written(fourth, 1);
  // The one before has lost the folder, and says so as soon as it begins a file or looks after those that are there.
  context.mock.timers.tick(30_000);
  await until(() => third.summary.failure !== undefined);
  assert.equal(failures.length, 2);
  await Promise.all([second.close(), third.close(), fourth.close()]);
});

test('a journal and audit events have one folder, each with a lock of its own', async () => {
  const folder = newFolder();
  mkdirSync(folder);
  const [journal, audit] = [new FolderLock(folder, JOURNAL_LOCK), new FolderLock(folder, AUDIT_LOCK)];
  await journal.take();
  await audit.take();
  await assert.rejects(
    new FolderLock(folder, JOURNAL_LOCK).take(),
    /another agent is probably writing its journal to this folder/,
  );
  await assert.rejects(
    new FolderLock(folder, AUDIT_LOCK).take(),
    /another agent is probably writing audit events to this folder/,
  );
  await Promise.all([journal.release(), audit.release()]);
  assert.equal(statSync(join(folder, 'audit.lock')).mode & 0o777, 0o600);
});

/** Lets no file of this process grow beyond so many bytes: a write is cut off there, as on a full disk. */
function limitFiles(bytes: number | 'unlimited'): void {
  const limit = ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`];
  assert.equal(spawnSync('prlimit', limit).status, 0);
}

test('a full disk leaves no part of a block, and no file without any', async () => {
  const folder = newFolder();
  const onDisk = () => findAuditFiles([folder]).map((path) => statSync(path).size);
  limitFiles(100_000);
  try {
    const store = new AuditStore({ folder, ...BOUNDS }, () => {});
    for (const id of [1, 2]) store.add(blockOf(id, 60_000));
    await store.close();
    assert.deepEqual([store.summary.events, store.summary.leftOut], [1, 1]);
    assert.deepEqual(onDisk(), [store.summary.bytes]);
    const next = new AuditStore({ folder, ...BOUNDS }, () => {});
    next.add(blockOf(3, 200_000));
    await next.close();
    assert.equal(next.summary.leftOut, 1);
    assert.deepEqual(onDisk(), [store.summary.bytes]);
  } finally {
    limitFiles('unlimited');
  }
  assert.deepEqual(idsIn(folder), [1]);
});

test('a file that can not be removed is reported, and ends nothing', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const folder = newFolder();
  const failures: string[] = [];
  const store = new AuditStore({ folder, maxBytes: 1e9, keep: 16 }, (reason) => failures.push(reason));
  store.add(blockOf(1));
  const [path = ''] = await until(() => (store.summary.events === 1 ? findAuditFiles([folder]) : undefined));
  // Not even root can unlink it.
  rmSync(path);
  mkdirSync(path);
  await until(() => {
    context.mock.timers.tick(30_000);
    return failures.length > 0;
  });
  assert.equal(failures.length, 1);
  await store.close();
});

test('a disk that does not keep up for long is reported once', async () => {
  const folder = newFolder();
  const failures: string[] = [];
  const store = new AuditStore({ folder, ...BOUNDS }, (reason) => failures.push(reason));
  const lines = Buffer.alloc(1 << 20, 'x');
  while (store.summary.events < 100) {
    for (let id = 0; id < 17; id++) store.add({ lines, events: 1, to: 0 });
    await setImmediate();
  }
  await store.close();
  assert.deepEqual(failures, ['the disk does not keep up']);
  assert.equal(store.summary.failure, undefined);
});

test('a disk that does not keep up holds nothing up', async () => {
  const folder = newFolder();
  const store = new AuditStore({ folder, ...BOUNDS }, () => {});
  const lines = Buffer.alloc(1 << 20, 'x');
  for (let id = 0; id < 40; id++) store.add({ lines, events: 10, to: 0 });
  await store.close();
  const { events, leftOut } = store.summary;
  assert.deepEqual([events, leftOut], [160, 240]);
});
