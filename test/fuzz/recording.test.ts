// The reader of recordings against damaged and hostile files: it ends, throws nothing but its own error, and lets nothing
// through that does not fit its bytes, also where every checksum is right.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { openCapture } from '../../host/capture/open.ts';
import { storeContainer } from '../../host/capture/store-container.ts';
import { BlockReplay, checkedBlock } from '../../host/recording/block-replay.ts';
import type { ByteSource } from '../../host/recording/byte-source.ts';
import { FILE_HEAD_BYTES, RecordingError } from '../../host/recording/format.ts';
import { type Payload, PayloadBuilder, PayloadError, readPayload } from '../../host/recording/payload.ts';
import { RecordingReader } from '../../host/recording/reader.ts';
import { Replay } from '../../host/recording/replay.ts';
import { CONTAINER } from '../../host/schema/container.ts';
import { encodeStruct } from '../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import { IMAGE_KIND } from '../../host/schema/image.ts';
import { readLayout, type StoredLayout } from '../../host/schema/versions/record-layout.ts';
import { hostileLayout, shortRecords } from '../support/random/hostile-layouts.ts';
import { BuilderCapture } from '../support/records/builder-capture.ts';
import { event, process as processImage, shadowRead } from '../support/records/built-agent.ts';
import { logEntry, payloadOf, sourceOf, type WrittenBlock, writeBlocks } from '../support/records/recordings.ts';
import { imageRecord } from '../support/records/records.ts';

const RUNS = { numRuns: 2000 };

const WHOLE = writeBlocks(
  Array.from({ length: 6 }, (_, block) => ({
    payload: payloadOf([logEntry(processImage(block + 1, {}))], [shadowRead(1), shadowRead(2), event('unlink', 1)]),
    events: 3,
  })),
).bytes;

/** Cut, overwritten, and with pieces of itself put in elsewhere. */
const damaged = fc
  .array(
    fc.record({
      kind: fc.constantFrom('flip', 'cut', 'remove', 'repeat'),
      at: fc.nat(WHOLE.length - 1),
      length: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.nat(WHOLE.length)),
      value: fc.integer({ min: 1, max: 255 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((changes) => {
    let bytes = Buffer.from(WHOLE);
    for (const { kind, at, length, value } of changes) {
      if (kind === 'flip' && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ value;
      else if (kind === 'cut') bytes = bytes.subarray(0, at);
      else if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      else if (kind === 'repeat')
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at - length, at), bytes.subarray(at)]);
    }
    return bytes;
  });

test('damaged files: what comes out is whole, and each loss is reported', () => {
  fc.assert(
    fc.property(damaged, (bytes) => {
      let reader: RecordingReader;
      try {
        reader = new RecordingReader(sourceOf(bytes));
      } catch (error) {
        assert.ok(error instanceof RecordingError);
        return;
      }
      let events = 0;
      for (const payload of reader.payloads()) {
        events += payload.events;
        assertSound(payload);
      }
      assert.equal(reader.events, events);
      if (events < 18 && reader.damage.length === 0) assert.fail('events are missing and nothing was said');
      for (const { at, resumed } of reader.damage) {
        assert.ok(at <= bytes.length && (resumed === undefined || (resumed >= at && resumed < bytes.length)));
      }
    }),
    RUNS,
  );
});

const builder = new PayloadBuilder();
builder.step(5n, true);
builder.images(Buffer.concat([logEntry(processImage(1, {})), logEntry(processImage(2, { cgroup: '/x' }))]));
builder.container('0123456789ab', encodeStruct(CONTAINER, { state: 2, id: '0123456789ab', name: 'web' }));
const EVERY_TYPE = EVENT_TYPES.map(({ name }) => event(name, 1, {}));
builder.records(Buffer.concat([shadowRead(1), ...EVERY_TYPE, shadowRead(2)]), () => EVERY_TYPE.length + 2);
const PAYLOAD = builder.take();

/** Words of a payload overwritten: sizes, offsets, kinds and lengths that mean something most of all. */
const hostilePayload = fc
  .array(
    fc.record({
      at: fc.nat(PAYLOAD.length / 4 - 1),
      value: fc.oneof(
        fc.nat(512),
        fc.constantFrom(0, 1, 7, 8, 24_576, 24_584, 0x7fffffff, 0xfffffff8, 0xffffffff),
        fc.integer({ min: 0, max: 0xffffffff }),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((words) => {
    const bytes = Buffer.from(PAYLOAD);
    for (const { at, value } of words) bytes.writeUInt32LE(value, 4 * at);
    return bytes;
  });

test('hostile payloads with right checksums: refused, or sound to the last text', () => {
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(hostilePayload, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      try {
        assertSound(readPayload(bytes));
        taken++;
      } catch (error) {
        if (!(error instanceof PayloadError)) throw error;
        refused++;
      }
    }),
    RUNS,
  );
  assert.ok(refused > 100 && taken > 100, `${refused} refused, ${taken} taken`);
});

/** The recording with another layout in its head, whose checksums are right. */
function withLayout(recording: Buffer, layout: StoredLayout): Buffer {
  const end = FILE_HEAD_BYTES + recording.readUInt32LE(12);
  const facts = JSON.parse(recording.toString('utf8', FILE_HEAD_BYTES, end)) as Record<string, unknown>;
  const json = Buffer.from(JSON.stringify({ ...facts, layout }));
  const head = Buffer.from(recording.subarray(0, FILE_HEAD_BYTES));
  head.writeUInt32LE(json.length, 12);
  head.writeUInt32LE(crc32(json), 16);
  head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
  return Buffer.concat([head, json, recording.subarray(end)]);
}

/** Blocks of records of that layout, and one of the layout of this version. */
function blocksOf(stored: StoredLayout): WrittenBlock[] {
  const own = { payload: PAYLOAD, events: EVERY_TYPE.length + 2 };
  const layout = readLayout(stored);
  if (!layout) return [own];
  const { events, images, container } = shortRecords(layout);
  builder.container('0123456789ab', container);
  return [
    { payload: payloadOf([], events), events: events.length },
    { payload: payloadOf([images], []), events: 0 },
    { payload: builder.take(), events: 0 },
    own,
  ];
}

test('hostile layouts with right checksums: refused, or sound to the last text', () => {
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(hostileLayout, (layout) => {
      const { bytes } = writeBlocks(blocksOf(layout));
      let reader: RecordingReader;
      try {
        reader = new RecordingReader(sourceOf(withLayout(bytes, layout)));
      } catch (error) {
        assert.ok(error instanceof RecordingError);
        refused++;
        return;
      }
      for (const payload of reader.payloads()) {
        assertSound(payload);
        taken++;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 50 && taken > 500, `${refused} refused, ${taken} taken`);
});

test('hostile payloads that pass go through the capture: no crash, and no record that it finds malformed', () => {
  fc.assert(
    fc.property(hostilePayload, (payload) => {
      const { bytes } = writeBlocks([{ payload, events: EVERY_TYPE.length + 2 }]);
      const sizes = { ringBudget: 1 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 1 };
      const { capture } = openCapture({ source: 'builder', sizes });
      try {
        capture.start([]);
        const replay = new Replay(new RecordingReader(sourceOf(bytes)), capture, () => {});
        const segments = new Uint32Array(64);
        while (replay.feed()) while (capture.poll(segments, 0) > 0) capture.takeImages(new Uint32Array(16));
        const { evaluated, malformed } = capture.counters();
        const events = evaluated.reduce((sum, count) => sum + count, 0);
        assert.equal(events, replay.report.events);
        // Two images of one id, which is no matter of bounds.
        assert.ok(malformed <= 1);
      } finally {
        capture.close();
      }
    }),
    { numRuns: 300 },
  );
});

test('hostile blocks go through the fast replay: refused, or replayed to their end without a crash', () => {
  let refused = 0;
  let taken = 0;
  const types = new Set(EVENT_TYPES.map(({ name }) => name));
  fc.assert(
    fc.property(fc.oneof(hostilePayload, fc.uint8Array({ maxLength: 400 })), (payload) => {
      const sizes = { ringBudget: 1 << 20, imageBudget: 1 << 20, containerBudget: 1 << 20, cpus: 1 };
      const { capture } = openCapture({ source: 'builder', sizes });
      try {
        const block = checkedBlock(Uint8Array.from(payload), undefined);
        capture.start([]);
        const replay = new BlockReplay(capture, types, (id, entry) => storeContainer(capture, id, entry));
        const segments = new Uint32Array(64);
        replay.begin(block);
        while (replay.feed()) while (capture.poll(segments, 0) > 0) capture.takeImages(new Uint32Array(16));
        const { evaluated, malformed } = capture.counters();
        const events = evaluated.reduce((sum, count) => sum + count, 0);
        // Texts that lie outside of their record are found by the addon, event by event.
        assert.equal(events + malformed, block.events);
        taken++;
      } catch (error) {
        if (!(error instanceof PayloadError)) throw error;
        refused++;
      } finally {
        capture.close();
      }
    }),
    { numRuns: 600 },
  );
  assert.ok(refused > 50 && taken > 50, `${refused} refused, ${taken} taken`);
});

/** What the addon and the sandbox rely on, said once more and in another way. */
function assertSound({ entries, events, leftOut }: Payload): void {
  let counted = 0;
  for (const entry of entries) {
    if (entry.kind !== 'events') continue;
    const { buffer, byteOffset, length } = entry.records;
    const view = new DataView(buffer, byteOffset, length);
    for (let at = 0; at < length; at += view.getUint32(at + 8, true)) {
      const size = view.getUint32(at + 8, true);
      assert.ok(size >= 64 && size % 8 === 0 && at + size <= length);
      const type = EVENT_TYPES.find(({ number }) => number === view.getUint16(at + 12, true));
      assert.ok(type);
      for (const member of EVENT_STRUCTS[type.shape].members) {
        if (member.type !== 'string') continue;
        const [offset, bytes] = [
          view.getUint32(at + member.offset, true),
          view.getUint32(at + member.offset + 4, true),
        ];
        assert.ok(offset === 0 || offset + bytes <= size, `${type.name}.${member.name}`);
      }
      counted++;
    }
  }
  assert.equal(counted + leftOut, events);
}

test('a file full of heads does not take forever', () => {
  const { bytes, starts } = writeBlocks([{ payload: new Uint8Array(1 << 20).fill(7), events: 0 }]);
  const head = bytes.subarray(starts[0], (starts[0] ?? 0) + 48);
  const many = Buffer.concat([bytes.subarray(0, starts[0]), ...Array.from({ length: 100_000 }, () => head)]);
  let bytesRead = 0;
  const source = sourceOf(many);
  const counting: ByteSource = {
    size: source.size,
    read(at, length) {
      bytesRead += length;
      return source.read(at, length);
    },
  };
  const reader = new RecordingReader(counting);
  assert.deepEqual([...reader.payloads()], []);
  assert.equal(reader.damage.length, 1);
  // It gives up after 1,000 blocks, each read with a search of 64 KB for the next one: for all heads it would read 6.5 GB.
  assert.ok(bytesRead < 2 * 1000 * 65_536, `${bytesRead} bytes`);
});

test('a list of processes that is complete again with each process is not linked each time', () => {
  using builder = new BuilderCapture();
  const listed = (pid: number, ppid: number) =>
    logEntry(imageRecord({ kind: IMAGE_KIND.SNAPSHOT, id: BigInt(pid), pid, ppid, start_time: 1n }));
  // Each child before its parent: only links of all find it.
  const children = Array.from({ length: 100 }, (_, index) => 2 * index + 10);
  for (const child of children) {
    const log = Buffer.concat([listed(child, child + 1), listed(child + 1, 0)]);
    builder.capture.replay(1n, log, new Uint8Array(0), true);
  }
  const linked = children.map((child) => builder.imageById(BigInt(child)).parent !== undefined);
  assert.deepEqual(linked, [...Array(16).fill(true), ...Array(84).fill(false)]);
});
