// The reader of savefiles against damaged and hostile files: it ends, throws nothing but its own error, says what it could not read, and lets
// nothing through that the capture finds malformed.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openCapture } from '../../host/capture/open.ts';
import { checkRecords } from '../../host/recording/event-records.ts';
import { checkImages } from '../../host/recording/image-entries.ts';
import { Replay } from '../../host/recording/replay.ts';
import { ScapError } from '../../host/scap/format/error.ts';
import { openRecording } from '../../host/scap/open.ts';
import type { ScapReader } from '../../host/scap/read/reader.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import { event, process as processImage } from '../support/records/built-agent.ts';
import { Folder, logEntry, payloadOf, writeBlocks } from '../support/records/recordings.ts';
import { exportedBytes, scapReader } from '../support/records/scap-files.ts';

const RUNS = { numRuns: 1500 };
/** Blocks of a savefile begin at multiples of 4; an event's header and lengths are among the first bytes. */
const WORD = 4;

let whole: Buffer;
let events = 0;
before(async () => {
  const images = [1, 2, 3].map((id) =>
    logEntry(processImage(id, { kind: 5, pid: 10 * id, ppid: 10, environment: 'A=b\0' })),
  );
  const all = EVENT_TYPES.map(({ name }, index) =>
    event(name, 1 + (index % 3), { tid: 10 + 10 * (index % 3), fd: 5, result: 3 }),
  );
  whole = await exportedBytes(writeBlocks([{ payload: payloadOf(images, all), events: all.length }]).bytes);
  events = read(whole)?.events ?? 0;
  assert.ok(events > 80);
});

/** Reads all; undefined for a file that is refused. */
function read(bytes: Uint8Array): ScapReader | undefined {
  let reader: ScapReader;
  try {
    reader = scapReader(bytes);
  } catch (error) {
    assert.ok(error instanceof ScapError, String(error));
    return undefined;
  }
  let count = 0;
  for (const payload of reader.payloads()) {
    for (const entry of payload.entries) {
      if (entry.kind === 'images') assert.equal(checkImages(entry.log), undefined);
      if (entry.kind === 'events') assert.equal(checkRecords(entry.records), entry.count);
    }
    count += payload.events;
  }
  assert.equal(count, reader.events);
  return reader;
}

interface Change {
  readonly kind: 'flip' | 'word' | 'cut' | 'remove' | 'repeat';
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'word', 'word', 'cut', 'remove', 'repeat'),
    at: fc.nat(1_000_000),
    length: fc.integer({ min: 1, max: 64 }),
    value: fc.oneof(fc.nat(300), fc.constantFrom(0x7fffffff, 0xffffffff, 0xfffffff8, 1 << 30, 12, 0x217, 0x215)),
  }),
  { minLength: 1, maxLength: 4 },
);

function changed(original: Buffer, all: readonly Change[]): Buffer {
  let bytes = Buffer.from(original);
  for (const { kind, at, length, value } of all) {
    const place = at % Math.max(bytes.length, 1);
    if (bytes.length < 8) break;
    if (kind === 'flip') bytes[place] = (bytes[place] ?? 0) ^ (value & 0xff || 1);
    else if (kind === 'word') bytes.writeUInt32LE(value >>> 0, Math.min(place - (place % WORD), bytes.length - WORD));
    else if (kind === 'cut') bytes = bytes.subarray(0, place);
    else if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
    else bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(Math.max(place - length, 0))]);
  }
  return bytes;
}

test('damaged files: refused, or read as far as they are whole', () => {
  let refused = 0;
  let readable = 0;
  fc.assert(
    fc.property(changes, (all) => {
      const reader = read(changed(whole, all));
      if (!reader) refused++;
      else readable++;
      for (const { at, reason, resumed } of reader?.damage ?? []) {
        assert.match(reason, /\[SCAP_[A-Z_]+\]$/);
        assert.ok(resumed === undefined || resumed > at);
      }
    }),
    RUNS,
  );
  assert.ok(refused > 50 && readable > 50, `${refused} refused, ${readable} read`);
});

test('a file that is cut anywhere says so, unless it ends between two events', () => {
  for (let length = 0; length < whole.length; length += 7) {
    const reader = read(whole.subarray(0, length));
    if (!reader) continue;
    const isCut = reader.damage.some(({ reason }) => reason.includes('SCAP_CUT_OFF'));
    assert.ok(isCut || reader.end !== undefined, `cut at ${length}`);
    assert.ok(reader.events <= events);
  }
});

test('hostile files go through the capture: no crash, and no record that it finds malformed', () => {
  fc.assert(
    fc.property(changes, (all) => {
      let reader: ScapReader;
      try {
        reader = scapReader(changed(whole, all));
      } catch (error) {
        assert.ok(error instanceof ScapError);
        return;
      }
      const sizes = { ringBudget: 1 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 1 };
      const { capture } = openCapture({ source: 'builder', sizes });
      try {
        capture.start([]);
        const replay = new Replay(reader, capture, () => {});
        const segments = new Uint32Array(64);
        while (replay.feed()) while (capture.poll(segments, 0) > 0) capture.takeImages(new Uint32Array(16));
        assert.equal(capture.counters().malformed, 0);
      } finally {
        capture.close();
      }
    }),
    { numRuns: 200 },
  );
});

test('gzip that is cut or damaged: what could be unpacked is read, and the damage is reported', () => {
  using folder = new Folder();
  const packed = gzipSync(whole, { chunkSize: 1024 });
  const path = folder.file('a.scap');
  const reasons = (bytes: Uint8Array): string => {
    writeFileSync(path, bytes);
    try {
      using file = openRecording(path);
      for (const _ of file.source.payloads());
      return file.source.damage.map(({ reason }) => reason).join();
    } catch (error) {
      assert.ok(error instanceof ScapError);
      return error.code;
    }
  };
  assert.equal(reasons(packed), '');
  assert.equal(reasons(Buffer.concat([packed, Buffer.from('not gzip')])), '');
  assert.match(reasons(packed.subarray(0, packed.length - 100)), /SCAP_CUT_OFF/);
  assert.match(reasons(packed.subarray(0, 12)), /SCAP_CUT_OFF/);
  const wrong = Buffer.from(packed);
  wrong.writeUInt32LE(1, packed.length - 8);
  assert.match(reasons(wrong), /SCAP_GZIP/);
  for (let at = 20; at < packed.length; at += Math.ceil(packed.length / 20)) {
    const flipped = Buffer.from(packed);
    flipped[at] = (flipped[at] ?? 0) ^ 0x55;
    assert.match(reasons(flipped), /SCAP_/);
  }
});

test('a list or an event that asks for much memory gets none', () => {
  const head = whole.subarray(0, 28);
  const block = Buffer.alloc(12);
  for (const [type, length] of [
    [0x215, 0x3fffffff],
    [0x216, 0xfffffff0],
    [0x218, 0x80000000],
  ] as const) {
    block.writeUInt32LE(type, 0);
    block.writeUInt32LE(length, 4);
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(read(Buffer.concat([head, block])), undefined);
    const bytes = process.memoryUsage().arrayBuffers - before;
    assert.ok(bytes < 1 << 20, `${bytes} bytes of buffers`);
  }
});
