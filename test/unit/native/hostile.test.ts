// Records whose numbers make no sense are skipped and counted: they never reach a rule, and nothing crashes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventTotals } from '../../../host/engine/counts/event-totals.ts';
import { checkRecords } from '../../../host/recording/event-records.ts';
import { EVENT_STRUCTS, LONGEST_RECORD } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { IMAGE, IMAGE_KIND, LONGEST_IMAGE } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { BuilderCapture } from '../../support/records/builder-capture.ts';
import { eventRecord, imageRecord, text } from '../../support/records/records.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const AT_FDCWD = -100;
const OPEN = EVENT_STRUCTS.open;
/** native/bpf/ring.h */
const LONGEST_TEXT = 4095;

/** An openat record with one 32-bit number changed. */
function openWith(offset: number, value: number): Uint8Array {
  const record = eventRecord('openat', { raw: './x', directory: '/d', dirfd: 3 });
  new DataView(record.buffer).setUint32(offset, value, true);
  return record;
}

for (const name of ['raw', 'resolved', 'directory'] as const) {
  for (const [offset, length] of [
    [8, 4],
    [0xffffffff, 1],
    [OPEN.size, 0xffffffff],
    [OPEN.size + 1000, 0],
  ] as const) {
    test(`openat.${name} at ${offset}, ${length} bytes`, () => {
      using builder = new BuilderCapture();
      const at = member(OPEN, name).offset;
      const record = openWith(at, offset);
      new DataView(record.buffer).setUint32(at + 4, length, true);
      builder.event('setuid', { tid: 1 });
      builder.inject(record);
      builder.event('setuid', { tid: 2 });
      assert.deepEqual(
        builder.poll().map((event) => event.number('tid')),
        [1, 2],
      );
      assert.equal(builder.capture.counters().malformed, 1);
    });
  }
}

test('a name that the record brings along is not believed', () => {
  using builder = new BuilderCapture();
  const record = openWith(member(OPEN, 'name').offset, 0xfffffff0);
  builder.inject(record);
  const [event] = builder.poll();
  assert.equal(event && text(event, 'name'), '/d/x');
});

test('an event of no type, and one shorter than its type, are skipped', () => {
  using builder = new BuilderCapture();
  for (const [type, size] of [
    [0, 64],
    [49, 64],
    [65_535, 200],
    [2, 160],
  ] as const) {
    const record = new Uint8Array(size);
    const view = new DataView(record.buffer);
    view.setUint32(8, size, true);
    view.setUint16(12, type, true);
    builder.inject(record);
  }
  builder.event('setuid', { tid: 7 });
  assert.deepEqual(
    builder.poll().map((event) => event.number('tid')),
    [7],
  );
  assert.equal(builder.capture.counters().malformed, 4);
});

test('an invalid process image is a lost one, and no event', () => {
  using builder = new BuilderCapture();
  const { offset } = member(IMAGE, 'environment');
  const record = imageRecord({ kind: IMAGE_KIND.EXEC, id: 1n, pid: 10, environment: 'A=1\0' });
  const view = new DataView(record.buffer);
  view.setUint32(offset + 4, 5000, true);
  builder.injectImage(record);
  builder.event('setuid', { tid: 7, image: 1n });
  builder.event('setuid', { tid: 8 });
  const before = eventTotals(builder.capture.counters());
  assert.equal(before.waiting, 2);
  builder.poll();
  const counters = builder.capture.counters();
  assert.deepEqual([counters.imagesLost, counters.malformed], [1, 0]);
  assert.equal(eventTotals(counters).waiting, 0);
});

test('a process image whose texts are all as long as they may be is whole', () => {
  using builder = new BuilderCapture();
  const path = `/${'p'.repeat(LONGEST_TEXT - 1)}`;
  const list = `${'l'.repeat(LONGEST_TEXT)}\0`;
  const texts = { executable: path, cwd: path, cgroup: path, argv: list, environment: list };
  const record = imageRecord({ kind: IMAGE_KIND.EXEC, id: 1n, pid: 10, ...texts });
  assert.ok(record.length <= LONGEST_IMAGE);
  builder.injectImage(record);
  const image = builder.imageById(1n);
  for (const name of ['executable', 'cwd', 'cgroup', 'argv', 'environment'] as const) {
    assert.equal(text(image, name), texts[name], name);
  }
  assert.equal(builder.capture.counters().imagesLost, 0);
});

test('recordings take as long process images as the kernel sends', () => {
  const header = readFileSync(join(PROJECT, 'native/generated/schema.h'), 'utf8');
  assert.equal(Number(/#define LONGEST_IMAGE (\d+)/.exec(header)?.[1]), LONGEST_IMAGE);
});

test('recordings take as long events as the kernel sends', () => {
  const record = eventRecord('openat', { raw: 'p'.repeat(LONGEST_RECORD - OPEN.size) });
  assert.equal(record.length, LONGEST_RECORD);
  assert.equal(checkRecords(record), 1);
});

test('after a size that makes no sense the reader finds the next record', () => {
  using builder = new BuilderCapture();
  for (const size of [0, 8, 63, 65, 0x7fffffff, 0xffffffff]) {
    builder.event('openat', { raw: '/before', dirfd: AT_FDCWD });
    const record = eventRecord('openat', { raw: '/broken', dirfd: AT_FDCWD });
    new DataView(record.buffer).setUint32(8, size, true);
    builder.inject(record);
    builder.event('openat', { raw: '/after', dirfd: AT_FDCWD });
    const names = [...builder.poll(), ...builder.poll()].map((event) => text(event, 'name'));
    assert.deepEqual(names, ['/before', '/after'], `size ${size}`);
  }
});

test('the builder refuses what would not fit a ring', () => {
  using builder = new BuilderCapture();
  for (const bytes of [0, 63, 65, 40_000]) {
    assert.throws(() => builder.inject(new Uint8Array(bytes)), { code: 'CAPTURE_RECORD' });
  }
  assert.throws(() => builder.inject(openWith(8, 64)), { code: 'CAPTURE_RECORD' });
  assert.throws(() => builder.event('setuid', { cpu: 2 }), { code: 'CAPTURE_RECORD' });
});

test('wrong arguments are a TypeError', () => {
  using builder = new BuilderCapture();
  const capture = builder.capture as unknown as Record<string, (...values: unknown[]) => unknown>;
  const calls: readonly [string, ...unknown[]][] = [
    ['poll'],
    ['poll', new Uint8Array(8), 0],
    ['poll', new Uint32Array(1), 0],
    ['start', 'openat'],
    ['start', [1]],
    ['takeImages', [1]],
    ['setCandidates', 1, new Uint32Array(2)],
    ['setContainer', 1, new Uint8Array(2)],
    ['replay', 1n, new Uint32Array(100), new Uint8Array(8), false],
    ['replayBlock', null],
  ];
  for (const [name, ...values] of calls) {
    assert.throws(() => capture[name]?.(...values), TypeError, name);
  }
  const injected = testAddon as unknown as Record<string, (...values: unknown[]) => unknown>;
  assert.throws(() => injected.injectEvent?.(builder.capture.handle(), new Uint32Array(100)), TypeError);
  assert.throws(() => injected.injectImage?.(builder.capture.handle(), null), TypeError);
});

/** Bytes with a few numbers changed to what is likely to hurt. */
function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(
    fc.constantFrom(0, 1, 7, 8, 64, 455, 456, 457, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff),
    fc.nat(5000),
    fc.integer({ min: 0, max: 0xffffffff }),
  );
  const change = fc.tuple(fc.nat(1000), value);
  return fc.tuple(bytes, fc.array(change, { maxLength: 6 })).map(([original, changes]) => {
    const copy = original.slice();
    const view = new DataView(copy.buffer);
    for (const [at, number] of changes) {
      view.setUint32((at % (copy.length >> 2)) << 2, number, true);
    }
    return copy;
  });
}

const numbers = fc.nat(30);
const event = damaged(
  fc
    .tuple(fc.constantFrom(...EVENT_TYPES), numbers, fc.constantFrom(...'f4u6mpn'), fc.string({ maxLength: 40 }))
    .map(([type, image, char, path]) => {
      const texts = EVENT_STRUCTS[type.shape].members.filter((one) => one.type === 'string');
      const input = Object.fromEntries(texts.map((one) => [one.name, path]));
      const descriptor = EVENT_STRUCTS[type.shape].members.some((one) => one.name === 'kind');
      return eventRecord(type.name, { image, ...(descriptor ? { kind: char.charCodeAt(0) } : {}), ...input });
    }),
);
const lifecycle = damaged(
  fc
    .tuple(fc.integer({ min: 1, max: 5 }), numbers, numbers, numbers, numbers, numbers, fc.string({ maxLength: 60 }))
    .map(([kind, id, parent, previous, pid, sid, argv]) =>
      imageRecord({ kind, id, parent, previous, pid, ppid: sid, sid, pgid: pid ^ 1, argv, cwd: argv, cgroup: argv }),
    ),
);

test('whatever the records hold, what comes out lies within the memory', () => {
  using builder = new BuilderCapture();
  const texts = IMAGE.members.filter((one) => one.type === 'string').map((one) => one.name);
  fc.assert(
    fc.property(fc.array(fc.oneof(event, lifecycle), { minLength: 1, maxLength: 30 }), (records) => {
      for (const record of records) {
        if (record.length >= IMAGE.size) builder.injectImage(record);
        const view = new DataView(record.buffer);
        view.setUint16(52, view.getUint16(52, true) % 2, true);
        const size = view.getUint32(8, true);
        if (size >= 64 && size <= 24_576 && size % 8 === 0) view.setUint32(8, record.length, true);
        builder.inject(record);
      }
      builder.capture.start([]);
      for (let events = builder.poll(); events.length > 0; events = builder.poll()) {
        for (const one of events) {
          for (const { name } of EVENT_STRUCTS[one.type.shape].members) one.value(name);
          assert.ok(one.image, 'each event has an image');
          assert.ok(one.image.container, 'each image has a container');
          for (const name of texts) one.image.value(name);
          const chain = [...one.image.ancestors()].map((ancestor) => ancestor.address);
          assert.equal(new Set(chain).size, chain.length, 'ancestors do not run in a circle');
        }
        builder.capture.takeImages(new Uint32Array(100));
      }
    }),
    { numRuns: 4000 },
  );
  const counters = builder.capture.counters();
  assert.ok(counters.malformed > 100 && counters.evaluated.some((count) => count > 20));
});
