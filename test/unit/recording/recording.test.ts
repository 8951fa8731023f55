// Recordings: a replay gives the alerts of the direct run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { type RecordEnd, startRecording } from '../../../host/agent/record.ts';
import { FILE_HEAD_BYTES } from '../../../host/recording/format.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { RecordingReader } from '../../../host/recording/reader.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { type MemberName, member } from '../../../host/schema/layout.ts';
import {
  event,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import {
  Folder,
  logEntry,
  payloadOf,
  replayBytes,
  replayRecording,
  sourceOf,
  type WrittenBlock,
  writeBlocks,
} from '../../support/records/recordings.ts';
import { tenBlocks } from '../../support/records/ten-blocks.ts';

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
  inject(session, images, events);
  const summary = await session.stop();
  assert.equal(summary.file.events, events.length);
  assert.equal(statSync(path).size, summary.file.bytes);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const ruleMatching of ['first', 'all'] as const) {
    await using built = await startBuiltAgent([module], { ruleMatching, runtimes });
    inject(built.agent, images, events);
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
    inject(session, [], events);
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
  inject(
    session,
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
  const at = (name: MemberName<typeof EVENT_STRUCTS.open>) => member(EVENT_STRUCTS.open, name).offset;
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
