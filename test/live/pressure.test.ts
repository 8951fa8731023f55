// Storms of lifecycle records fill nobody's eyes: attacks made meanwhile are detected, by rules that need the process's image.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { CPUS } from '../support/live/cpus.ts';
import { type Attack, attack, attackRules } from '../support/live/image-attacks.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { sum } from '../support/live/open-storm.ts';
import { probe } from '../support/live/probe.ts';
import { LEAST_ROUNDS, OPENED, STORM_NAMES, STORMS, type Storm, startStorm } from '../support/live/storm.ts';

const ATTACKS = 100;
/** Longer than the attacks take. */
const SECONDS = 60;
/** Of storms, until rings overflow. */
const TURNS = 10;
/** Of one CPU, in bytes. */
const SMALL_RING = 256 * 1024;

const directory = directoryForTests();
writeFileSync(`${directory}/target`, '');
const UNKNOWN = probe(['openat'], ['proc.name'], `evt.arg.name = ${OPENED} and not proc.name = storm`);
const rules = (): string[] => [attackRules(directory), UNKNOWN.rule];
const keep = (line: string): boolean => line.includes('mark-') || line.includes(UNKNOWN.name);
const agent = LiveAgent.forTests(rules, { keep });

async function assertDetected(agent: LiveAgent, storm: Storm, label: string): Promise<void> {
  const running = startStorm(storm, CPUS, SECONDS);
  const attacks: Attack[] = [];
  try {
    // A round of some storms takes 20 ms: they would be over before they had begun.
    for (let batch = 1; batch === 1 || !running.hasRaged; batch++) {
      attacks.push(...(await attack(directory, `${label}-${batch}`, ATTACKS)));
    }
  } finally {
    // If an attack can't be made, the storm is not that of the tests after it as well.
    running.end();
  }
  const rounds = await running.ended;
  await agent.settledOnAllCpus();
  const missing = attacks.filter(({ rule, mark }) => !agent.alerts(rule).some(({ line }) => line.includes(mark)));
  const { imagesLost, unknownImages, dropped } = agent.counters.capture;
  const counts = `${imagesLost} images lost, ${unknownImages} events without, ${sum(dropped)} dropped`;
  assert.deepEqual(missing, [], `${rounds} rounds; ${counts}`);
  assert.equal(agent.alerts(UNKNOWN.name).length, 0, 'the process that storms is known in its own events');
  assert.ok(rounds >= LEAST_ROUNDS, `${rounds} rounds of the storm`);
}

for (const storm of STORM_NAMES) {
  test(`${ATTACKS} attacks during ${STORMS[storm]} on all CPUs: each has its alert`, () =>
    assertDetected(agent, storm, storm));
}

for (const storm of ['events', 'shared', 'crowd', 'requests'] as const) {
  test(`the same in rings that overflow with ${STORMS[storm]}: each has its alert`, async (t) => {
    const agent = await LiveAgent.start(rules(), { keep, ringBudget: CPUS.length * SMALL_RING });
    t.after(() => agent.stop());
    // The reader may keep up for as long as that takes.
    for (let turn = 1; sum(agent.counters.capture.dropped) === 0; turn++) {
      assert.ok(turn <= TURNS, 'the rings held everything');
      await assertDetected(agent, storm, `small-${storm}-${turn}`);
    }
  });
}
