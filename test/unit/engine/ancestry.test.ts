// Rules know the ancestors of a process however long the chain is, also when most of them have been freed, and after a reload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { IMAGE_KIND } from '../../../host/schema/image.ts';
import { moduleOf, process, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';

/** Longer than an image outlives its process; see kGraceNs in native/src/capture/housekeeping.cc. */
const GRACE_MS = 1_200;
const BATCH = 4_000;
const CHAIN = 4 * BATCH;

function reads(name: string, condition: string): string {
  return `
- rule: ${name}
  desc: for a test
  condition: evt.type = openat and ${condition}
  output: ${name} by %proc.name
  priority: INFO
`;
}

function named(lines: readonly string[]): string[] {
  return lines.map((line) => line.split(' ')[2] ?? '').sort();
}

/** A process forked by the one with the number before, with arguments of its own. */
function forked(id: number, input: StructInput = {}): Uint8Array {
  const argv = `test\0${id}\0`;
  return process(id, { kind: IMAGE_KIND.FORK, parent: id - 1, ppid: 999 + id, argv, ...input });
}

function ended(id: number): Uint8Array {
  return process(id, { kind: IMAGE_KIND.EXIT });
}

test('a chain of 16,000 processes, each its own program, of which memory has room for half', async () => {
  const rules = await moduleOf(
    [
      reads('Beginning', 'proc.aname = first'),
      reads('Middle', 'proc.acmdline = "test 7000" and not proc.acmdline = "test 16001"'),
      reads('Parent', `proc.acmdline[1] = "test ${CHAIN - 1}"`),
      reads('None', 'not proc.aname = first or proc.aname = second or not proc.acmdline endswith " 7000"'),
    ].join(''),
  );
  await using running = await startBuiltAgent([rules], { ruleMatching: 'all' });
  const { agent } = running;
  inject(agent, [process(1, { comm_bytes: 'first' })], []);
  for (let begin = 2; begin <= CHAIN; begin += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, CHAIN + 1 - begin) }, (_, index) => begin + index);
    inject(
      agent,
      numbers.flatMap((id) => [forked(id), ended(id - 1)]),
      [],
    );
    await sleep(GRACE_MS);
  }
  inject(agent, [], [shadowRead(CHAIN)]);
  assert.deepEqual(named(await running.waitForLines(3)), ['Beginning', 'Middle', 'Parent']);
  const { imagesEvicted, imagesLost } = agent.summary().engine?.capture ?? assert.fail();
  assert.ok(imagesEvicted > 1_000, `${imagesEvicted} images were freed`);
  assert.equal(imagesLost, 0);
  // Other rules know what is left: the beginning and what the rules before asked for.
  await agent.replaceRules([await moduleOf(reads('Reloaded', 'proc.apid = 1001 and proc.acmdline = "test 7000"'))]);
  inject(agent, [forked(CHAIN + 1)], [shadowRead(CHAIN + 1)]);
  assert.deepEqual(named(await running.waitForLines(4)), ['Beginning', 'Middle', 'Parent', 'Reloaded']);
});

test('a process that comes before its parents are prepared for other rules', async () => {
  await using running = await startBuiltAgent([await moduleOf(reads('Before', 'proc.aname = first'))]);
  const { agent } = running;
  inject(agent, [process(1, { comm_bytes: 'first' })], []);
  inject(
    agent,
    Array.from({ length: BATCH }, (_, index) => forked(index + 2)),
    [],
  );
  const replaced = agent.replaceRules([await moduleOf(reads('After', 'proc.aname in (first, none)'))]);
  const last = BATCH + 50;
  for (let id = BATCH + 2; id <= last; id++) {
    inject(agent, [forked(id)], []);
    await sleep(1);
  }
  await replaced;
  inject(agent, [], [shadowRead(last)]);
  assert.deepEqual(named(await running.waitForLines(1)), ['After']);
});

test('more tests of ancestors than a word has bits, and than there are words', async () => {
  const names = Array.from({ length: 270 }, (_, index) => `program-${index}`);
  const modules = await Promise.all([
    moduleOf(
      names
        .slice(0, 200)
        .map((name) => reads(name, `proc.aname = ${name}`))
        .join(''),
    ),
    moduleOf(
      names
        .slice(200)
        .map((name) => reads(name, `proc.aname = ${name}`))
        .join(''),
    ),
  ]);
  await using running = await startBuiltAgent(modules, { ruleMatching: 'all' });
  const met = [0, 62, 63, 199, 200, 262, 269].map((index) => names[index] ?? '');
  const images = met.map((name, index) => process(index + 1, { comm_bytes: name, parent: index, ppid: 1000 + index }));
  inject(running.agent, [...images, forked(met.length + 1)], [shadowRead(met.length + 1)]);
  assert.deepEqual(named(await running.waitForLines(met.length)), [...met].sort());
});
