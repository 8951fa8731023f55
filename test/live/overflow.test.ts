// A storm of opens that the rings don't hold, and one in which the agent is stopped: what is lost is counted.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { CPUS } from '../support/live/cpus.ts';
import { act, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { assertBalanced, assertCounted, MARK, OPENS, openStorm, sum, TURNS } from '../support/live/open-storm.ts';

/** The addon takes no less: a ring must hold a few of the longest records. */
const SMALLEST_RINGS = availableParallelism() * 256 * 1024;

test('rings far too small: what does not fit is counted, what fits is evaluated', async (t) => {
  const agent = await LiveAgent.start([OPENS.rule], { ringBudget: SMALLEST_RINGS, kernelFilter: false });
  t.after(() => agent.stop());
  await openStorm();
  // The agent is still there, and sees what comes after the flood.
  await agent.settled();
  await act([['openat', AT_FDCWD, str(MARK), O.RDONLY]]);
  await agent.settledOnAllCpus();
  await agent.only(OPENS.name, { 'proc.name': 'act' });
  await agent.stop();
  const { capture } = agent.counters;
  assertBalanced(capture);
  assert.ok(sum(capture.dropped) > 0, 'the smallest rings held everything: the storm was none');
  assert.ok(sum(capture.evaluated) > 0);
  assertCounted(capture, 'umount2', TURNS * CPUS.length);
});

test('stopped in the middle of a storm: the counters add up all the same', async () => {
  for (const [ringBudget, kernelFilter] of [
    [0, false],
    [SMALLEST_RINGS, false],
    [SMALLEST_RINGS, true],
  ] as const) {
    const agent = await LiveAgent.start([OPENS.rule], { ringBudget, kernelFilter });
    const storm = CPUS.map((cpu) =>
      startAct([
        ['@cpu', cpu],
        ['@wait'],
        ['@loop', 100_000_000],
        ['openat', AT_FDCWD, str('/nonexistent/storm'), O.RDONLY],
      ]),
    );
    await Promise.all(storm.map((running) => running.place()));
    for (const running of storm) running.goOn();
    await setTimeout(200);
    await agent.stop();
    for (const { process: child } of storm) child.kill();
    const { capture } = agent.counters;
    assertBalanced(capture);
    assert.ok(sum(capture.produced) > 1000, `${capture.produced}`);
  }
});
