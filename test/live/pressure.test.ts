// Storms of lifecycle records fill nobody's eyes: attacks made meanwhile are detected, by rules that need the process's image.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { attack, attackRules } from '../support/live/image-attacks.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { probe } from '../support/live/probe.ts';
import { OPENED, STORM_NAMES, STORMS, startStorm } from '../support/live/storm.ts';

const ATTACKS = 100;
/** Longer than the attacks take. */
const SECONDS = 60;
const CPUS = Array.from({ length: availableParallelism() }, (_, index) => index);

const directory = directoryForTests();
writeFileSync(`${directory}/target`, '');
const UNKNOWN = probe(['openat'], ['proc.name'], `evt.arg.name = ${OPENED} and not proc.name = storm`);
const agent = LiveAgent.forTests(() => [attackRules(directory), UNKNOWN.rule], {
  keep: (line) => line.includes('mark-') || line.includes(UNKNOWN.name),
});

for (const storm of STORM_NAMES) {
  test(`${ATTACKS} attacks during ${STORMS[storm]} on all CPUs: each has its alert`, async () => {
    const running = startStorm(storm, CPUS, SECONDS);
    // If an attack can't be made, the storm is not that of the tests after it as well.
    const attacks = await attack(directory, storm, ATTACKS).finally(() => running.end());
    const rounds = await running.ended;
    await agent.settled();
    const missing = attacks.filter(({ rule, mark }) => !agent.alerts(rule).some(({ line }) => line.includes(mark)));
    const { imagesLost, unknownImages } = agent.counters.capture;
    assert.deepEqual(missing, [], `${rounds} rounds; ${imagesLost} images lost, ${unknownImages} events without`);
    assert.equal(agent.alerts(UNKNOWN.name).length, 0, 'the process that storms is known in its own events');
    assert.ok(rounds > 100, `${rounds} rounds of the storm`);
  });
}
