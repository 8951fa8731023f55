// The file of a recording: a damaged one gives what is whole, with the place where it broke.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { BLOCK_KIND, FILE_HEAD_BYTES, RecordingError, readFacts } from '../../../host/recording/format.ts';
import { PayloadBuilder, readPayload, writePayload } from '../../../host/recording/payload.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { CONTAINER } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { RECORD_LAYOUT, storeLayout } from '../../../host/schema/versions/record-layout.ts';
import { process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { FACTS, Folder, logEntry, payloadOf, readAll, writeBlocks } from '../../support/records/recordings.ts';
import { tenBlocks } from '../../support/records/ten-blocks.ts';

process.env.TZ = 'UTC';
process.env.FALCO_HOSTNAME = 'node-1';

test('a file that ends too early gives the blocks before, and says so', () => {
  const { bytes, starts } = tenBlocks();
  assert.deepEqual(readAll(bytes).damage, []);
  for (const [block, start] of starts.entries()) {
    const next = starts[block + 1] ?? bytes.length;
    for (const end of [start, start + 1, start + 47, start + 48, Math.floor((start + next) / 2), next - 1]) {
      const reader = readAll(bytes.subarray(0, end));
      assert.equal(reader.events, 10 * block, `cut at ${end}`);
      assert.equal(reader.end, undefined);
      const [damage, ...more] = reader.damage;
      assert.deepEqual(more, []);
      assert.deepEqual([damage?.at, damage?.resumed, damage?.eventsLost], [start, undefined, undefined]);
      assert.equal(damage?.isCutOff, true);
      const within = end === start ? /the last block is missing/ : new RegExp(`the file ends at byte ${end}, within`);
      assert.match(damage?.reason ?? '', within);
    }
  }
});

test('a flipped byte costs one block, whose events are counted as lost', () => {
  const { bytes, starts } = tenBlocks();
  for (let at = starts[0] ?? 0; at < bytes.length; at += 7) {
    const block = starts.findLastIndex((start) => start <= at);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    const reader = readAll(damaged);
    const last = block === starts.length - 1;
    assert.equal(reader.events, last ? 100 : 90, `byte ${at}`);
    const [damage, ...more] = reader.damage;
    assert.deepEqual(more, []);
    const expected = last ? [starts[10], undefined, undefined] : [starts[block], starts[block + 1], 10];
    assert.deepEqual([damage?.at, damage?.resumed, damage?.eventsLost], expected);
    assert.equal(damage?.isCutOff, undefined);
    assert.match(damage?.reason ?? '', new RegExp(`block ${block}\\b`));
  }
});

test('blocks that are gone or overwritten are reported with the number of their events', () => {
  const { bytes, starts } = tenBlocks();
  const [, , second = 0, , , fifth = 0] = starts;
  const cut = Buffer.concat([bytes.subarray(0, second), bytes.subarray(fifth)]);
  assert.deepEqual(readAll(cut).damage, [
    { at: second, reason: 'expected block 2, found block 5', resumed: second, eventsLost: 30 },
  ]);
  const zeroed = Buffer.from(bytes).fill(0, second + 5, fifth - 5);
  const reader = readAll(zeroed);
  assert.deepEqual(reader.damage, [
    { at: second, reason: 'the head of block 2 is damaged', resumed: fifth, eventsLost: 30 },
  ]);
  assert.equal(reader.events, 70);
});

test('blocks of kinds that a reader does not need, or does not know, are passed over', () => {
  const image = logEntry(processImage(1, {}));
  const { bytes, starts } = writeBlocks([
    { kind: BLOCK_KIND.ALERT, payload: Buffer.from('{}'), events: 0 },
    { payload: payloadOf([image], [shadowRead(1)]), events: 1 },
    { kind: 4711, payload: Buffer.from('of a later version'), events: 0 },
    { payload: payloadOf([], [shadowRead(1)]), events: 1 },
  ]);
  const whole = readAll(bytes);
  assert.deepEqual([whole.events, whole.damage], [2, []]);
  const damaged = Buffer.from(bytes).fill(0, (starts[2] ?? 0) + 50, (starts[2] ?? 0) + 54);
  const reader = readAll(damaged);
  assert.equal(reader.events, 2);
  assert.match(reader.damage[0]?.reason ?? '', /the checksum of block 2 is wrong/);
});

test('a file that is not a recording, or one of another version, is refused by name', () => {
  const { bytes } = tenBlocks();
  const refused = (change: (copy: Buffer) => Buffer, code: string, message: RegExp) =>
    assert.throws(
      () => readAll(change(Buffer.from(bytes))),
      (error) => error instanceof RecordingError && error.code === code && message.test(error.message),
    );
  const sealed = (copy: Buffer) => {
    copy.writeUInt32LE(crc32(copy.subarray(FILE_HEAD_BYTES, FILE_HEAD_BYTES + copy.readUInt32LE(12))), 16);
    copy.writeUInt32LE(crc32(copy.subarray(0, 20)), 20);
    return copy;
  };
  refused(() => Buffer.from('anything else'), 'RECORDING_NONE', /not a recording/);
  refused(() => Buffer.alloc(0), 'RECORDING_NONE', /not a recording/);
  refused((copy) => copy.subarray(0, 15), 'RECORDING_DAMAGED_HEAD', /ends within/);
  refused((copy) => copy.subarray(0, 50), 'RECORDING_DAMAGED_HEAD', /ends within/);
  refused((copy) => copy.fill(0, 40, 41), 'RECORDING_DAMAGED_HEAD', /checksum/);
  refused((copy) => sealed(copy.fill(9, 8, 9)), 'RECORDING_OTHER_VERSION', /format 9, and .* reads format 2/);
  const type = bytes.indexOf('"event_open"]');
  refused(
    (copy) => sealed(copy.fill('_', type + 1, type + 4)),
    'RECORDING_DAMAGED_HEAD',
    /layout of records is invalid/,
  );
});

test('a file never grows past its limit, and ends properly', () => {
  using folder = new Folder();
  const path = folder.file('small.wsp');
  const most = 20_000;
  const writer = new RecordingWriter(path, FACTS, most);
  // Random bytes, which zstd can't pack.
  const event100 = () => shadowRead(1, { resolved: crypto.getRandomValues(new Uint8Array(2000)) });
  let written = 0;
  while (writer.write(payloadOf([], [event100()]), 1)) written++;
  assert.equal(writer.write(payloadOf([], []), 5), false, 'a small block after one that was left out');
  writer.close({ dropped: 2, seconds: 3 });
  assert.ok(statSync(path).size <= most && statSync(path).size > most - 3000);
  const reader = readAll(readFileSync(path));
  assert.equal(reader.events, written);
  assert.deepEqual(reader.end, { events: written, dropped: 8, seconds: 3 });
});

test('facts whose layout is deeper than a stack are a damaged head', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const json = Buffer.from(
    `{"hostname":"h","kernel":"k","started":"1","eventTypes":[],"users":{},"groups":{},"layout":${deep}}`,
  );
  assert.throws(() => readFacts(json, { length: json.length, checksum: crc32(json) }), /layout of records is invalid/);
});

test('damage is listed within bounds, and what is beyond is counted', () => {
  const { bytes, starts } = writeBlocks([{ payload: payloadOf([], [shadowRead(1)]), events: 1 }]);
  const [first = 0, end] = starts;
  // The same block again and again: each has the wrong number.
  const blocks = Array.from({ length: 3001 }, () => bytes.subarray(first, end));
  const { damage, events } = readAll(Buffer.concat([bytes.subarray(0, first), ...blocks]));
  assert.equal(events, 3001);
  assert.equal(damage.length, 1001);
  assert.match(damage.at(-1)?.reason ?? '', /^2001 further places are damaged; .* the last block is missing$/);
  assert.equal(damage.at(-1)?.resumed, undefined);
});

test('a block whose records would become far longer in the layout of this version is refused', () => {
  const { structs } = storeLayout(RECORD_LAYOUT);
  const short = [8, { size: 'u32@0', type: 'u16@4' }];
  const layout = {
    structs: { ...structs, event_header: short, event_open: short },
    types: { openat: [7, 'event_open'] },
  };
  const json = Buffer.from(
    JSON.stringify({ hostname: 'h', kernel: 'k', started: '1', eventTypes: [], users: {}, groups: {}, layout }),
  );
  const { other } = readFacts(json, { length: json.length, checksum: crc32(json) });
  assert.ok(other);
  const records = (count: number): Uint8Array => {
    const bytes = Buffer.alloc(8 * count);
    for (let at = 0; at < bytes.length; at += 8) {
      bytes.writeUInt32LE(8, at);
      bytes.writeUInt16LE(7, at + 4);
    }
    return bytes;
  };
  const block = (parts: number): Uint8Array => {
    const builder = new PayloadBuilder();
    builder.step(1n, true);
    for (let part = 0; part < parts; part++) builder.records(records(1000), () => 1000);
    return builder.take();
  };
  assert.equal(readPayload(block(10), other).events, 10_000);
  assert.throws(() => readPayload(block(500), other), /too long in the layout of this version/);
});

test('a payload is written as it was read', () => {
  const builder = new PayloadBuilder();
  builder.step(7n, true);
  builder.images(Buffer.concat([logEntry(processImage(1, {})), logEntry(processImage(2, { cgroup: '/x' }))]));
  builder.container('0123456789ab', encodeStruct(CONTAINER, { state: 2, id: '0123456789ab', name: 'web' }));
  builder.records(Buffer.concat([shadowRead(1), shadowRead(2)]), () => 2);
  const payload = builder.take();
  assert.deepEqual(Buffer.from(writePayload(readPayload(payload).entries)), Buffer.from(payload));
});
