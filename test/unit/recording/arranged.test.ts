// Blocks as they are packed: arranged and restored they are as before, and a hostile one does no harm.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { arranged, restored } from '../../../host/recording/arranged.ts';
import { unpackBlock } from '../../../host/recording/block.ts';
import { checkedBlock, readingInPlace } from '../../../host/recording/block-replay.ts';
import { PayloadBuilder, PayloadError } from '../../../host/recording/payload.ts';
import { EVENT_HEADER, EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { member } from '../../../host/schema/layout.ts';

const offset = (name: 'size' | 'type' | 'time' | 'image' | 'sequence' | 'cpu'): number =>
  member(EVENT_HEADER, name).offset;

/** A record with any bytes behind its header. */
const record = fc
  .record({
    time: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    image: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    sequence: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    cpu: fc.nat(0xffff),
    rest: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ time, image, sequence, cpu, rest }) => {
    const bytes = new Uint8Array(EVENT_HEADER.size + Math.ceil(rest.length / 8) * 8);
    const view = new DataView(bytes.buffer);
    view.setUint32(offset('size'), bytes.length, true);
    view.setBigUint64(offset('time'), time, true);
    view.setBigUint64(offset('image'), image, true);
    view.setBigUint64(offset('sequence'), sequence, true);
    view.setUint16(offset('cpu'), cpu, true);
    bytes.set(rest, EVENT_HEADER.size);
    return bytes;
  });

const PROCESS_EVENT = EVENT_TYPES.find(({ shape }) => shape === 'process')?.number ?? 0;

/** What is a record of this version by its size and type. */
function asEvent(bytes: Uint8Array): Uint8Array {
  const event = new Uint8Array(EVENT_STRUCTS.process.size);
  event.set(bytes.subarray(0, event.length));
  const view = new DataView(event.buffer);
  view.setUint32(offset('size'), event.length, true);
  view.setUint16(offset('type'), PROCESS_EVENT, true);
  return event;
}

type Entry = { readonly images: Uint8Array } | { readonly records: readonly Uint8Array[] } | { readonly step: bigint };

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((images) => ({ images })),
  fc.array(record, { maxLength: 6 }).map((records) => ({ records })),
  fc.bigInt({ min: 0n, max: 1n << 60n }).map((step) => ({ step })),
);

function payloadOf(entries: readonly Entry[]): Uint8Array {
  const builder = new PayloadBuilder(1 << 20);
  for (const one of entries) {
    if ('images' in one) builder.images(one.images);
    else if ('step' in one) builder.step(one.step, false);
    else builder.records(Buffer.concat(one.records), () => one.records.length);
  }
  return builder.take();
}

test('what was arranged is restored', () => {
  let moved = 0;
  const property = fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
    const payload = payloadOf(entries);
    const { bytes, eventsAt } = arranged(payload);
    assert.equal(bytes.length, payload.length);
    const hasEvents = entries.some((one) => 'records' in one && one.records.length > 0);
    assert.equal(eventsAt !== 0, hasEvents);
    if (hasEvents) moved++;
    assert.deepEqual(restored(bytes, eventsAt), payload);
    const unpacked = unpackBlock(zstdCompressSync(bytes), payload.length, eventsAt);
    assert.ok(unpacked && Buffer.compare(unpacked, payload) === 0);
  });
  fc.assert(property, { numRuns: 400 });
  assert.ok(moved > 100);
});

test('a block that is invalid stays as it is', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(7), Uint8Array.of(255, 255, 255, 255, 4, 0, 0, 0)]) {
    assert.deepEqual(arranged(bytes), { bytes, eventsAt: 0, types: undefined });
  }
  const payload = payloadOf([{ records: [new Uint8Array(64)] }]); // a record of no size
  assert.deepEqual(arranged(payload), { bytes: payload, eventsAt: 0, types: undefined });
});

test('a hostile one is refused, or as long as it says', () => {
  const property = fc.property(
    fc.array(entry, { minLength: 1, maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
    fc.option(fc.nat(0xffffffff)),
    (entries, changes, place) => {
      const { bytes, eventsAt } = arranged(payloadOf(entries));
      const hostile = Uint8Array.from(bytes);
      for (const [at, value] of changes) hostile[at % Math.max(hostile.length, 1)] = value;
      const result = restored(hostile, place ?? eventsAt);
      assert.ok(result === undefined || result.length === hostile.length);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});

test('a block that is read in place has the same bytes and events, or is refused for the same reason', () => {
  const { read, unpack } = readingInPlace();
  const outcome = (reading: () => unknown): unknown => {
    try {
      return reading();
    } catch (error) {
      if (error instanceof PayloadError) return error.message;
      throw error;
    }
  };
  let [accepted, refused] = [0, 0];
  const events = fc.array(record.map(asEvent), { maxLength: 6 }).map((records) => ({ records }));
  const property = fc.property(
    fc.array(fc.oneof({ weight: 4, arbitrary: events }, entry), { minLength: 1, maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
    fc.boolean(),
    (entries, changes, isArranged) => {
      const payload = payloadOf(entries);
      const { bytes, eventsAt } = isArranged ? arranged(payload) : { bytes: payload, eventsAt: 0 };
      const given = Uint8Array.from(bytes);
      for (const [at, value] of changes) given[at % given.length] = value;
      const stored = zstdCompressSync(given);
      const inPlace = (unpack ?? unpackBlock)(stored, given.length, eventsAt);
      const apart = unpackBlock(stored, given.length, eventsAt);
      assert.equal(inPlace === undefined, apart === undefined);
      if (!inPlace || !apart) return;
      assert.equal(Buffer.compare(inPlace, apart), 0);
      const expected = outcome(() => checkedBlock(apart, undefined).events);
      assert.equal(
        outcome(() => read(inPlace, undefined).events),
        expected,
      );
      if (typeof expected === 'string') refused++;
      else if (expected !== 0) accepted++;
    },
  );
  fc.assert(property, { numRuns: 1000 });
  assert.ok(accepted > 50 && refused > 50, `${accepted} accepted, ${refused} refused`);
});
