// Backtests: what rules did on recorded events is exactly what an agent alerts of.

import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { startRecording } from '../../../host/agent/record.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { packBlock, Segment } from '../../../host/journal/segment.ts';
import { JOURNAL_KINDS, journalWants } from '../../../host/journal/wants.ts';
import { BLOCK_HEAD_BYTES } from '../../../host/recording/format.ts';
import { PayloadBuilder, readPayload, writePayload } from '../../../host/recording/payload.ts';
import { RecordingWriter } from '../../../host/recording/writer.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct, type StructInput } from '../../../host/schema/encode-struct.ts';
import { alertsOf, backtestOn } from '../../support/records/backtests.ts';
import {
  event,
  moduleOf,
  process as processImage,
  shadowRead,
  startBuiltAgent,
} from '../../support/records/built-agent.ts';
import { FACTS, Folder, logEntry, payloadOf, replayRecording, writeBlocks } from '../../support/records/recordings.ts';

const RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow and proc.name != sshd
  output: "%fd.name by %proc.name in %container.id %container.name"
  priority: WARNING
- rule: Any open of a shell's child
  desc: d
  condition: evt.type in (open, openat) and proc.aname in (bash, sh)
  output: "%proc.cmdline"
  priority: INFO
- rule: Not web
  desc: d
  condition: evt.type in (connect, unlink) and container.id != host and container.name != web
  output: "%container.name"
  priority: INFO
- rule: In web
  desc: d
  condition: evt.type = connect and container.name = web
  output: "%container.name"
  priority: INFO
- rule: By no service
  desc: d
  condition: evt.type = setuid and not session.kind = other and (session.user = root or container.id = host)
  output: "%session.kind %session.id"
  priority: INFO
- rule: Removed
  desc: d
  condition: evt.type in (unlink, unlinkat)
  output: "%fs.path.name"
  priority: INFO
`;
const SIZES = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };
const NO_RUNTIMES = { dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
const CONTAINER_ID = '0123456789abcdef'.repeat(4);

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

/** How often the rules of JSON lines stand in them. */
function byRule(lines: readonly string[]): Record<string, number> {
  const counts = Map.groupBy(lines, (line) => (JSON.parse(line) as { rule: string }).rule);
  return Object.fromEntries([...counts].map(([rule, all]) => [rule, all.length]));
}

const NAMES = ['cat', 'bash', 'sh', 'sshd', 'nginx'];

/** Each process is a child of an earlier one, or of nobody, and some are in a container. */
const processes = fc.array(
  fc.record({ name: fc.constantFrom(...NAMES), parent: fc.nat(20), contained: fc.boolean() }),
  { minLength: 3, maxLength: 20 },
);

const happenings = fc.array(
  fc.record({
    type: fc.constantFrom('openat', 'open', 'unlink', 'connect', 'setuid'),
    process: fc.nat(30),
    path: fc.constantFrom('/etc/shadow', '../etc/./shadow', '/etc/passwd', 'x'),
    repeats: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constant(700)),
  }),
  { minLength: 10, maxLength: 60 },
);

interface Workload {
  readonly images: Uint8Array[];
  readonly events: Uint8Array[];
}

const workloads: fc.Arbitrary<Workload> = fc.tuple(processes, happenings).map(([trees, all]) => ({
  images: trees.map(({ name, parent, contained }, index) =>
    processImage(index + 1, {
      comm_bytes: name,
      argv: `${name}\0-x\0`,
      cwd: '/usr',
      ...(parent > 0 && parent <= index && { parent }),
      ...(contained && { cgroup: `/docker/${CONTAINER_ID}` }),
    }),
  ),
  events: all.flatMap(({ type, process, path, repeats }, index) => {
    const input: StructInput = { sequence: index, raw: path, dirfd: -100 };
    const file = { kind: 'f'.charCodeAt(0), resolved: path.startsWith('/') ? path : '/etc/shadow' };
    const of = type.startsWith('open') ? file : type === 'connect' ? { kind: '4'.charCodeAt(0), domain: 2 } : {};
    const record = type === 'connect' || type === 'setuid' ? of : { ...input, ...of };
    return Array.from({ length: repeats }, () => event(type, (process % (trees.length + 1)) + 1, record));
  }),
}));

async function record(path: string, { images, events }: Workload): Promise<void> {
  const onEnd = () => assert.fail('it ended by itself');
  const eventTypes = module.eventTypes;
  const session = await startRecording({
    path,
    eventTypes,
    source: 'builder',
    sizes: SIZES,
    runtimes: NO_RUNTIMES,
    onEnd,
  });
  session.inject(images, events);
  await session.stop();
}

async function alertsOfAgent(
  { images, events }: Workload,
  ruleMatching: RuleMatching,
): Promise<Record<string, number>> {
  await using built = await startBuiltAgent([module], {
    ruleMatching,
    runtimes: NO_RUNTIMES,
    hold: { milliseconds: 50 },
  });
  built.agent.inject(images, events);
  await built.agent.stop();
  return byRule(built.jsonLines());
}

test('over random workloads, a backtest counts the alerts of an agent', async () => {
  let fired = 0;
  await fc.assert(
    fc.asyncProperty(workloads, fc.constantFrom<RuleMatching>('first', 'all'), async (workload, ruleMatching) => {
      using folder = new Folder();
      const path = folder.file('work.wsp');
      await record(path, workload);
      const result = await backtestOn([path], module, { ruleMatching });
      assert.deepEqual(alertsOf(result), await alertsOfAgent(workload, ruleMatching));
      assert.equal(result.report.events, workload.events.length);
      fired += Object.keys(alertsOf(result)).length;
    }),
    { numRuns: 25 },
  );
  assert.ok(fired > 25, `rules fired ${fired} times`);
});

/** Seconds of recorded time, and what comes then. */
interface Moment {
  readonly at: number;
  readonly image?: StructInput;
  readonly metadata?: StructInput;
  readonly events?: readonly Uint8Array[];
}

function recorded(moments: readonly Moment[]): Buffer {
  const builder = new PayloadBuilder();
  let events = 0;
  for (const { at, image, metadata, events: some = [] } of moments) {
    builder.step(BigInt(Math.round(at * 1e9)), true);
    const names = { container: CONTAINER_ID, containerType: 'docker' };
    if (image)
      builder.images(logEntry(processImage(Number(image.id), { cgroup: `/docker/${CONTAINER_ID}`, ...image }), names));
    const id = CONTAINER_ID.slice(0, 12);
    if (metadata) builder.container(id, encodeStruct(CONTAINER, { id, full_id: CONTAINER_ID, ...metadata }));
    if (some.length > 0) builder.records(Buffer.concat([...some]), () => some.length);
    events += some.length;
  }
  return writeBlocks([{ payload: builder.take(), events }]).bytes;
}

const connects = (count: number) =>
  Array.from({ length: count }, () => event('connect', 1, { kind: '4'.charCodeAt(0), domain: 2 }));
const WEB: StructInput = { state: CONTAINER_STATE.KNOWN, name: 'web', image_repository: 'registry/web' };
const CONTAINER_CASES: Readonly<Record<string, readonly Moment[]>> = {
  'the answer comes in time': [
    { at: 1, image: { id: 1 }, events: connects(3) },
    { at: 1.2, events: connects(3) },
    { at: 1.9, metadata: WEB, events: connects(5) },
  ],
  'the answer comes too late': [
    { at: 1, image: { id: 1 }, events: connects(3) },
    { at: 2.9, events: connects(4) },
    { at: 3.05, events: connects(5) },
    { at: 3.1, metadata: WEB, events: connects(6) },
  ],
  'the answer never comes': [
    { at: 1, image: { id: 1 }, events: connects(3) },
    { at: 1.5, events: [...connects(2), event('unlink', 1, { raw: '/x', dirfd: -100 })] },
  ],
  'it is another one': [
    { at: 1, image: { id: 1 }, events: connects(3) },
    { at: 1.1, metadata: { ...WEB, name: 'db' }, events: connects(1) },
  ],
};

for (const [name, moments] of Object.entries(CONTAINER_CASES)) {
  test(`events of new containers wait in recorded time: ${name}`, async () => {
    using folder = new Folder();
    const path = folder.file('containers.wsp');
    writeFileSync(path, recorded(moments));
    for (const ruleMatching of ['first', 'all'] as const) {
      const { json } = await replayRecording(path, module, ruleMatching);
      const result = await backtestOn([path], module, { ruleMatching });
      assert.deepEqual(alertsOf(result), byRule(json), ruleMatching);
    }
  });
}

test('an answer that comes too late is of no use, whatever happened meanwhile', async () => {
  using folder = new Folder();
  const path = folder.file('late.wsp');
  const [begin] = CONTAINER_CASES['the answer never comes'] ?? [];
  assert.ok(begin);
  const counts: Record<string, number>[] = [];
  for (const more of [[], [{ at: 3.1, metadata: WEB }], [{ at: 2.9, metadata: WEB }]]) {
    writeFileSync(path, recorded([begin, ...more]));
    counts.push(alertsOf(await backtestOn([path], module)));
  }
  const [never, late, early] = counts;
  assert.deepEqual([never, late, early], [{}, {}, { 'In web': 3 }]);
});

test('events at the end of a file wait for the answer that is in the next one', async () => {
  using folder = new Folder();
  const paths = ['1.wsp', '2.wsp'].map((name) => folder.file(name));
  const [one = '', two = ''] = paths;
  const begin: Moment = { at: 1, image: { id: 1 }, events: connects(3) };
  const counts: Record<string, number>[] = [];
  for (const at of [2, 3.1]) {
    writeFileSync(one, recorded([begin]));
    writeFileSync(two, recorded([{ at, image: { id: 1 }, metadata: WEB, events: connects(4) }]));
    counts.push(alertsOf(await backtestOn(paths, module)));
  }
  assert.deepEqual(counts, [{ 'In web': 7 }, { 'In web': 4 }]);
});

test('figures name the first and the last alert, places, programs, and examples of different ones', async () => {
  const day = 86_400_000_000_000n;
  const start = 1_795_528_388_000_000_000n;
  const images = ['cat', 'less', 'tail'].map((comm, index) =>
    logEntry(
      processImage(index + 1, { comm_bytes: comm }),
      index === 2 ? { container: CONTAINER_ID, containerType: 'docker' } : {},
    ),
  );
  const events = [1, 1, 1, 1, 2, 3].map((image, index) =>
    shadowRead(image, { time: start + (BigInt(index) * day) / 2n }),
  );
  using folder = new Folder();
  const path = folder.file('days.wsp');
  writeFileSync(path, writeBlocks([{ payload: payloadOf(images, events), events: events.length }]).bytes);
  const { rules } = await backtestOn([path], module);
  const shadow = rules.find(({ rule }) => rule.name === 'Shadow read')?.figures;
  assert.ok(shadow);
  assert.equal(shadow.alerts, 6);
  assert.deepEqual(shadow.times, {
    first: Number(start / 1_000_000n),
    last: Number((start + (5n * day) / 2n) / 1_000_000n),
  });
  assert.equal(shadow.mostOnADay, 2);
  assert.deepEqual(shadow.actors.list, [
    { name: 'cat', alerts: 4 },
    { name: 'less', alerts: 1 },
    { name: 'tail', alerts: 1 },
  ]);
  assert.deepEqual(shadow.places.list, [
    { name: 'host', alerts: 5 },
    { name: CONTAINER_ID.slice(0, 12), alerts: 1 },
  ]);
  assert.deepEqual(
    shadow.examples.map(({ text }) => text.replace(/ in .*/, '')),
    ['cat', 'less', 'tail'].map((comm) => `/etc/shadow by ${comm}`),
  );
  const since = Number((start + day) / 1_000_000n);
  const later = await backtestOn([path], module, { since });
  assert.deepEqual(alertsOf(later), { 'Shadow read': 4 });
});

test('a comparison shows the alerts that are new, and those that are gone', async () => {
  const other = await moduleOf(RULES.replace('proc.name != sshd', 'proc.name != cat'));
  using folder = new Folder();
  const path = folder.file('compared.wsp');
  const images = ['cat', 'sshd', 'less'].map((comm, index) => logEntry(processImage(index + 1, { comm_bytes: comm })));
  const events = Array.from({ length: 3000 }, (_, index) => shadowRead((index % 3) + 1, { sequence: index }));
  writeFileSync(path, writeBlocks([{ payload: payloadOf(images, events), events: events.length }]).bytes);
  const { differences } = await backtestOn([path], module, { compared: other });
  assert.deepEqual(differences, [
    {
      rule: 'Shadow read',
      tried: 2000,
      compared: 2000,
      added: { alerts: 1000, origins: [{ name: 'cat in host', alerts: 1000 }] },
      removed: { alerts: 1000, origins: [{ name: 'sshd in host', alerts: 1000 }] },
    },
  ]);
});

test('several files are one history, and each begins anew', async () => {
  using folder = new Folder();
  // The same number is another process in each of them.
  const paths = ['cat', 'sshd', 'less'].map((comm, index) => {
    const path = folder.file(`${index}.wsp`);
    const image = logEntry(processImage(1, { comm_bytes: comm }));
    writeFileSync(
      path,
      writeBlocks([{ payload: payloadOf([image], [shadowRead(1), shadowRead(1)]), events: 2 }]).bytes,
    );
    return path;
  });
  const { report, rules } = await backtestOn(paths, module);
  assert.deepEqual([report.events, report.damage], [6, []]);
  assert.deepEqual(rules[0]?.figures.actors.list, [
    { name: 'cat', alerts: 2 },
    { name: 'less', alerts: 2 },
  ]);
});

async function writeSegment(path: string, records: readonly ReturnType<typeof event>[]): Promise<void> {
  const payload = payloadOf([logEntry(processImage(1, { comm_bytes: 'cat' }))], records);
  const extent = { events: records.length, first: 5n, last: 6n, pids: Uint32Array.of(1), containers: ['host'] };
  const segment = await Segment.create(path, FACTS);
  await segment.write(await packBlock({ payload: Uint8Array.from(payload), extent, begins: true, leftOut: 0 }));
  await segment.close(3);
}

test('segments without an event that a rule reads are not unpacked, but counted', async () => {
  using folder = new Folder();
  const [read, other, cut] = ['read', 'other', 'cut'].map((name) => folder.file(`${name}.wsp`));
  assert.ok(read && other && cut);
  await writeSegment(read, [shadowRead(1), event('mkdir', 1)]);
  await writeSegment(other, [event('mkdir', 1), event('bpf', 1), event('mkdir', 1)]);
  await writeSegment(cut, [event('mkdir', 1)]);
  // Whoever unpacked it would find the damage.
  const damaged = readFileSync(other);
  const block = damaged.indexOf('WBLK');
  damaged.fill(0xff, block + BLOCK_HEAD_BYTES + 4, block + BLOCK_HEAD_BYTES + 8);
  writeFileSync(other, damaged);
  // Without an index it is read.
  truncateSync(cut, readFileSync(cut).indexOf('WBLK', readFileSync(cut).indexOf('WBLK') + 1));
  const { report, ...result } = await backtestOn([read, other, cut], module);
  assert.deepEqual(alertsOf({ report, ...result }), { 'Shadow read': 1 });
  assert.deepEqual([report.events, report.lost, report.damage], [6, 6, []]);

  const { report: unpacked } = await backtestOn(
    [other],
    await moduleOf(RULES.replace('evt.type = openat', 'evt.type in (openat, bpf)')),
  );
  assert.equal(unpacked.damage[0]?.reason, 'the checksum of block 0 is wrong');
});

test('damage is reported, and the rest is evaluated', async () => {
  using folder = new Folder();
  const path = folder.file('damaged.wsp');
  const image = logEntry(processImage(1, {}));
  const { bytes, starts } = writeBlocks(
    [0, 1, 2].map((block) => ({
      payload: payloadOf(block === 0 ? [image] : [], [shadowRead(1), shadowRead(1)]),
      events: 2,
    })),
  );
  const damaged = Buffer.from(bytes).fill(0xff, (starts[1] ?? 0) + 60, (starts[1] ?? 0) + 64);
  writeFileSync(path, damaged);
  const { report, ...result } = await backtestOn([path], module);
  assert.deepEqual(alertsOf({ report, ...result }), { 'Shadow read': 4 });
  assert.deepEqual(report.damage, [{ path, reason: 'the checksum of block 1 is wrong' }]);
});

test('what the history lacks for a rule is said', async () => {
  using folder = new Folder();
  const path = folder.file('lacking.wsp');
  // FACTS of test recordings have openat and setuid.
  writeFileSync(path, writeBlocks([{ payload: payloadOf([], []), events: 0 }]).bytes);
  const needy = await moduleOf(`
- rule: By name
  desc: d
  condition: evt.type = openat and fd.sip.name = example.com
  output: "%proc.nthreads"
  priority: INFO
- rule: Renamed
  desc: d
  condition: evt.type in (rename, openat)
  output: x
  priority: INFO
- rule: Mounted
  desc: d
  condition: evt.type = mount
  output: x
  priority: INFO
- rule: By alice
  desc: d
  condition: evt.type = openat and k8s.user.name = alice
  output: "%k8s.session.id"
  priority: INFO
- rule: By ssh
  desc: d
  condition: evt.type = openat and session.kind = ssh and not session.net = 10.0.0.0/8
  output: "%session.kind %session.source"
  priority: INFO
- rule: Has all
  desc: d
  condition: evt.type = openat
  output: x
  priority: INFO
`);
  const { rules } = await backtestOn([path], needy);
  assert.deepEqual(
    rules.map(({ lacks }) => lacks),
    [
      [
        'the addresses that host names had then: fd.sip.name',
        'fields of its output that only a running process has: proc.nthreads',
      ],
      ['events that were not recorded: rename'],
      ['none of its events were recorded: mount'],
      [
        'whose exec session it was, which a recording does not have, so that these are absent: k8s.user.name, k8s.session.id',
      ],
      [
        'where a session by ssh came from, which a recording does not have, so that these are absent: session.net, session.source',
      ],
      [],
    ],
  );
});

test('of a journal, also which events of a type it does not keep', async () => {
  using folder = new Folder();
  const path = folder.file('journal.wsp');
  const { eventTypes, kept } = journalWants(JOURNAL_KINDS);
  new RecordingWriter(path, { ...FACTS, eventTypes, kept }).close({ dropped: 0, seconds: 1 });
  const rule = (name: string, condition: string) =>
    `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: x\n  priority: INFO\n`;
  const { rules } = await backtestOn(
    [path],
    await moduleOf(
      rule(
        'Written',
        'evt.type in (open, openat) and evt.is_open_write = true and fd.num >= 0 and fd.name startswith /etc',
      ) +
        rule('Read', 'evt.type = openat and evt.is_open_read = true and evt.rawres >= 0') +
        rule('Tried', 'evt.type = openat and evt.is_open_write = true and evt.rawres < 0') +
        rule('Started', 'evt.type = execve and evt.rawres = 0') +
        rule('Duplicated', 'evt.type in (dup, execve) and evt.rawres >= 0') +
        rule('Killed', 'evt.type = kill'),
    ),
  );
  assert.deepEqual(Object.fromEntries(rules.map(({ rule, lacks }) => [rule.name, lacks])), {
    Written: [],
    Read: ['opens that do not write are not kept: openat'],
    Tried: ['failed calls are not kept: openat'],
    Started: [],
    Duplicated: ['events that were not recorded: dup'],
    Killed: ['signals of a process to itself are not kept: kill'],
  });
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
