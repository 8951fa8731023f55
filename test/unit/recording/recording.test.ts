// Recordings: a replay gives the alerts of the direct run, and of a damaged file what is whole, with the place it broke at.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { type RecordEnd, startRecording } from '../../../host/agent/record.ts';
import { BLOCK_KIND, FILE_HEAD_BYTES, RecordingError, readFacts } from '../../../host/recording/format.ts';
import { PayloadBuilder, readPayload } from '../../../host/recording/payload.ts';
import { RecordingReader } from '../../../host/recording/reader.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { member } from '../../../host/schema/layout.ts';
import { RECORD_LAYOUT, storeLayout } from '../../../host/schema/versions/record-layout.ts';
import {
  event,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import {
  FACTS,
  Folder,
  logEntry,
  payloadOf,
  readAll,
  replayBytes,
  replayRecording,
  sourceOf,
  type WrittenBlock,
  writeBlocks,
} from '../../support/records/recordings.ts';

process.env.TZ = 'UTC';
process.env.FALCO_HOSTNAME = 'node-1';

const RULES = `
- rule: Sensitive file read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%evt.num %proc.name pid=%proc.pid parent=%proc.pname gparent=%proc.aname[2] user=%user.name home=%user.homedir shell=%user.shell cwd=%proc.cwd %container.id %container.name %container.image.repository %evt.cpu"
  priority: WARNING
- rule: Any open
  desc: d
  condition: evt.type in (open, openat)
  output: "%fd.name by %proc.cmdline"
  priority: INFO
- rule: Identity
  desc: d
  condition: evt.type = setuid
  output: "to %evt.arg.uid"
  priority: INFO
- rule: Shell of the user
  desc: d
  condition: evt.type = unlink and (user.shell = /bin/elsewhere or (user.shell = "" and user.homedir = ""))
  output: "%user.name %user.homedir %user.shell"
  priority: INFO
- rule: Container
  desc: d
  condition: evt.type = connect and container.name = web
  output: "%container.id %container.image.repository"
  priority: INFO
`;
const CONTAINER_ID = '0123456789abcdef'.repeat(4);

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

/** A tree of processes, and events of them of which about a third match something. */
function workload(): { images: Uint8Array[]; events: Uint8Array[] } {
  const images = [
    processImage(1, { comm_bytes: 'init', pid: 1 }),
    processImage(2, { comm_bytes: 'bash', pid: 500, parent: 1, cwd: '/home', argv: 'bash\0-l\0' }),
    processImage(3, { kind: 1, comm_bytes: 'bash', pid: 501, parent: 2, cwd: '/home', argv: 'bash\0-l\0' }),
    processImage(4, { comm_bytes: 'cat', pid: 501, parent: 2, previous: 3, cwd: '/etc', argv: 'cat\0shadow\0' }),
    processImage(5, { comm_bytes: 'nginx', pid: 600, parent: 1, cgroup: `/docker/${CONTAINER_ID}` }),
  ];
  const relative = { name: undefined, raw: '../etc//./shadow', resolved: '/etc/shadow' };
  const events = Array.from({ length: 2000 }, (_, index) => {
    const common = { cpu: index % 2, time: 1_795_528_388_365_763_965n + BigInt(index) };
    switch (index % 4) {
      case 0:
        return shadowRead(4, { ...common, ...relative });
      case 1:
        return shadowRead((index % 5) + 1, common);
      case 2:
        return event('connect', 5, { ...common, kind: '4'.charCodeAt(0), domain: 2 });
      default:
        return event('unlink', 2, { ...common, raw: 'x', dirfd: -100 });
    }
  });
  return { images, events };
}

/** That nothing is known of the container is the same in both runs; why, each tells for itself. */
function withoutReason(line: string): string {
  return line.replace(/(container\.metadata"?[=:]"?)[a-z-]+/g, '$1');
}

test('a replay gives the alerts of the direct run, under first and under all', async () => {
  const { images, events } = workload();
  using folder = new Folder();
  const path = folder.file('run.wsp');
  // No runtime here knows the container: both ways tell so.
  const runtimes = { dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
  const session = await startRecording({
    path,
    eventTypes: module.eventTypes,
    source: 'builder',
    sizes: { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 },
    runtimes,
    onEnd: () => assert.fail('it ended by itself'),
  });
  session.inject(images, events);
  const summary = await session.stop();
  assert.equal(summary.file.events, events.length);
  assert.equal(statSync(path).size, summary.file.bytes);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const ruleMatching of ['first', 'all'] as const) {
    await using built = await startBuiltAgent([module], { ruleMatching, runtimes });
    built.agent.inject(images, events);
    await built.agent.stop();
    const direct = { text: built.lines(), json: built.jsonLines() };
    const replayed = await replayRecording(path, module, ruleMatching);
    assert.ok(direct.text.length >= 1000);
    assert.deepEqual(replayed.text.map(withoutReason).sort(), direct.text.map(withoutReason).sort());
    assert.deepEqual(replayed.json.map(withoutReason).sort(), direct.json.map(withoutReason).sort());
    assert.deepEqual(replayed.report.damage, []);
    assert.equal(replayed.malformed, 0);
    assert.deepEqual(replayed.report.end?.events, events.length);
  }
});

test('a disk that is full when the recording ends is reported', async (t) => {
  using folder = new Folder();
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
  t.after(() => limit('unlimited'));
  const sizes = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };
  for (const events of [[], [shadowRead(1)]]) {
    const path = folder.file(`full-${events.length}.wsp`);
    const told: string[] = [];
    const onEnd = ({ kind }: RecordEnd) => void told.push(kind);
    const session = await startRecording({ path, eventTypes: ['openat'], source: 'builder', sizes, onEnd });
    limit(`${statSync(path).size + 10}`);
    session.inject([], events);
    const { reason } = await session.stop();
    limit('unlimited');
    assert.equal(reason?.kind, 'not-writable');
    assert.deepEqual(told, ['not-writable']);
  }
});

test('the recorder leaves out what only its own memory gave a meaning to', async () => {
  using folder = new Folder();
  const path = folder.file('run.wsp');
  const session = await startRecording({ path, eventTypes: [], source: 'builder', onEnd: () => assert.fail() });
  session.inject(
    [processImage(1, { cwd: '/etc' })],
    [event('openat', 1, { kind: 'f'.charCodeAt(0), dirfd: -100, raw: 'shadow' })],
  );
  await session.stop();
  const reader = new RecordingReader(sourceOf(readFileSync(path)));
  const records = [...reader.payloads()].flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'events' ? [entry.records] : [])),
  );
  assert.equal(records.length, 1);
  const bytes = Buffer.from(records[0] ?? []);
  const at = (name: string) => member(EVENT_STRUCTS.open, name).offset;
  assert.equal(bytes.readBigUInt64LE(at('commit')), 0n, 'the secret of the rings');
  assert.equal(bytes.readUInt32LE(at('image_address')), 0);
  assert.equal(bytes.readBigUInt64LE(at('name')), 0n, 'a name in the scratch region');
  const [replayed] = (await replayRecording(path, module)).text;
  assert.match(replayed ?? '', /Warning 1 test pid=1001 .* cwd=\/etc\/ host host /);
});

test('names of users come from the recording, both of processes and of arguments', async () => {
  const image = logEntry(processImage(1, { uid: 33 }), { user: 'bob-of-elsewhere' });
  const events = [shadowRead(1), event('setuid', 1, { numbers: [4711n, 0n, 0n, 0n] })];
  const { bytes } = writeBlocks([{ payload: payloadOf([image], events), events: events.length }]);
  const { text, json } = await replayBytes(bytes, module);
  assert.match(text[0] ?? '', / user=bob-of-elsewhere /);
  assert.match(text[1] ?? '', / to alice-of-elsewhere$/);
  assert.equal((JSON.parse(json[0] ?? '') as { hostname: string }).hostname, 'elsewhere');
});

test('so do their homes and shells, which may be empty or absent', async () => {
  const users = [
    { user: 'both', home: '/home/both', shell: '/bin/elsewhere' },
    { user: 'shell', shell: '/bin/elsewhere' },
    { user: 'empty', home: '', shell: '' },
    { user: 'neither' },
    { user: 'other', home: '/home/other', shell: '/bin/other' },
  ];
  const images = users.map((names, index) => logEntry(processImage(index + 1, { uid: 33 }), names));
  const events = users.map((_, index) => event('unlink', index + 1));
  const { bytes } = writeBlocks([{ payload: payloadOf(images, events), events: events.length }]);
  const { text } = await replayBytes(bytes, module);
  assert.deepEqual(
    text.map((line) => line.replace(/^.* Informational /, '')),
    ['both /home/both /bin/elsewhere', 'shell <NA> /bin/elsewhere', 'empty  '],
  );
});

test('a container is what the recording says, with its metadata, whatever the path of its cgroup', async () => {
  const names = { container: CONTAINER_ID, containerType: 'docker' };
  const image = logEntry(processImage(1, { cgroup: '/user.slice' }), names);
  const builder = new PayloadBuilder();
  builder.step(1n, true);
  builder.images(image);
  const id = CONTAINER_ID.slice(0, 12);
  const entry = encodeStruct(CONTAINER, {
    state: CONTAINER_STATE.KNOWN,
    id,
    full_id: CONTAINER_ID,
    name: 'web',
    image_repository: 'registry/web',
  });
  builder.container(id, entry);
  builder.records(event('connect', 1, { kind: '4'.charCodeAt(0) }), () => 1);
  const { bytes } = writeBlocks([{ payload: builder.take(), events: 1 }]);
  const { text } = await replayBytes(bytes, module);
  assert.match(text[0] ?? '', new RegExp(`Informational ${id} registry/web$`));
  assert.equal(text.length, 1);
});

test('more matches than may be on their way are all told', async () => {
  const events = Array.from({ length: 20_000 }, () => shadowRead(1));
  const image = logEntry(processImage(1, {}));
  const blocks: WrittenBlock[] = [];
  for (let at = 0; at < events.length; at += 4000) {
    blocks.push({ payload: payloadOf(at === 0 ? [image] : [], events.slice(at, at + 4000)), events: 4000 });
  }
  const { text, report } = await replayBytes(writeBlocks(blocks).bytes, module);
  assert.equal(report.events, events.length);
  assert.equal(text.length, events.length);
});

/** Ten blocks of ten events each, and a last one. */
function tenBlocks() {
  const image = logEntry(processImage(1, {}));
  return writeBlocks(
    Array.from({ length: 10 }, (_, block) => ({
      payload: payloadOf(
        block === 0 ? [image] : [],
        Array.from({ length: 10 }, (_, index) => shadowRead(1, { sequence: 10 * block + index })),
      ),
      events: 10,
    })),
  );
}

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

test('the replay of a damaged file gives the alerts of what is whole', async () => {
  const { bytes, starts } = tenBlocks();
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, (starts[4] ?? 0) + 60, (starts[4] ?? 0) + 64);
  const { text, report } = await replayBytes(damaged, module);
  const numbers = text.map((line) => Number(/Warning (\d+)/.exec(line)?.[1]));
  const whole = Array.from({ length: 100 }, (_, index) => index).filter((number) => number < 40 || number >= 50);
  assert.deepEqual(numbers, whole);
  assert.equal(report.damage[0]?.reason, 'the checksum of block 4 is wrong');
});

test('what is no recording, or one of another version, is refused by name', () => {
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

test('events are known by the names of their types, whatever numbers these had', async () => {
  const { bytes } = tenBlocks();
  const facts = JSON.parse(bytes.toString('utf8', FILE_HEAD_BYTES, FILE_HEAD_BYTES + bytes.readUInt32LE(12)));
  const { creat, openat } = facts.layout.types;
  const rewritten = (types: unknown): Buffer => {
    const layout = { ...facts.layout, types };
    const json = Buffer.from(JSON.stringify({ ...facts, layout }));
    const head = Buffer.from(bytes.subarray(0, FILE_HEAD_BYTES));
    head.writeUInt32LE(json.length, 12);
    head.writeUInt32LE(crc32(json), 16);
    head.writeUInt32LE(crc32(head.subarray(0, 20)), 20);
    return Buffer.concat([head, json, bytes.subarray(FILE_HEAD_BYTES + bytes.readUInt32LE(12))]);
  };
  const swapped = { ...facts.layout.types, creat: openat, openat: creat };
  const { text } = await replayBytes(rewritten(swapped), module);
  assert.deepEqual(text, [], 'they are events of creat, of which there is no rule');
  const { openat: _, ...without } = facts.layout.types;
  const { report } = await replayBytes(rewritten({ ...without, of_the_future: openat }), module);
  assert.deepEqual([report.events, report.leftOut, report.damage.length], [100, 100, 0]);
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
