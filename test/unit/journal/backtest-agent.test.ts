// What rules did on recorded events is exactly what an agent alerts of, also where events wait for their container.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { startRecording } from '../../../host/agent/record.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { PayloadBuilder } from '../../../host/recording/payload.ts';
import { CONTAINER, CONTAINER_STATE } from '../../../host/schema/container.ts';
import { encodeStruct, type StructInput } from '../../../host/schema/encode-struct.ts';
import { BACKTEST_RULES } from '../../support/records/backtest-rules.ts';
import { alertsOf, backtestOn, byRule } from '../../support/records/backtests.ts';
import { event, moduleOf, process as processImage, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { Folder, logEntry, replayRecording, writeBlocks } from '../../support/records/recordings.ts';

const SIZES = { ringBudget: 16 << 20, imageBudget: 16 << 20, containerBudget: 1 << 20, cpus: 2 };
const NO_RUNTIMES = { dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
const CONTAINER_ID = '0123456789abcdef'.repeat(4);

let module: RuleModule;
before(async () => {
  module = await moduleOf(BACKTEST_RULES);
});

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
  inject(session, images, events);
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
  inject(built.agent, images, events);
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
