// Backtests: their figures, comparisons of rules, and what is read of several files and damaged ones.

import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { packBlock, Segment } from '../../../host/journal/segment.ts';
import { BLOCK_HEAD_BYTES } from '../../../host/recording/format.ts';
import { BACKTEST_RULES } from '../../support/records/backtest-rules.ts';
import { alertsOf, backtestOn } from '../../support/records/backtests.ts';
import { event, moduleOf, process as processImage, shadowRead } from '../../support/records/built-agent.ts';
import { FACTS, Folder, logEntry, payloadOf, writeBlocks } from '../../support/records/recordings.ts';

const CONTAINER_ID = '0123456789abcdef'.repeat(4);

let module: RuleModule;
before(async () => {
  module = await moduleOf(BACKTEST_RULES);
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
  const other = await moduleOf(BACKTEST_RULES.replace('proc.name != sshd', 'proc.name != cat'));
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
    await moduleOf(BACKTEST_RULES.replace('evt.type = openat', 'evt.type in (openat, bpf)')),
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
