// Agents that are killed while a runtime stops a container: it is stopped or untouched, and the next agent forgets none and acts on none twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findGroups, processesOf } from '../../../host/responses/cgroups/container-groups.ts';
import { findHierarchies } from '../../../host/responses/cgroups/hierarchies.ts';
import { readLedger } from '../../../host/responses/ledger/ledger-file.ts';
import { until } from '../until.ts';
import { actAndKill, killTimes, timeAction } from './killed-agent.ts';
import { actorsAsking, openPerformer } from './response-scene.ts';

/** Runs another program when it is asked to end, so that this can be seen, and then takes no notice: it ends when its grace is over. */
export const STUBBORN = ['sh', '-c', 'trap "exec sleep 2000" TERM; while :; do sleep 0.05; done'];
const SIGNALLED = 'sleep\x002000\0';
/** The shell looks at its signals so often. */
const NOTICED_MS = 300;
/** The grace of response-child.ts, and what a busy machine takes for a stop. */
const STOPPED_MS = 20_000;

type State = 'untouched' | 'asked to end' | 'ended';

async function stateOf(container: string): Promise<State> {
  const groups = await findGroups(await findHierarchies(), container, 0);
  const pids = await Promise.all(Object.values(groups).map(({ folder }) => processesOf(folder)));
  const commands = pids.flat().map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  });
  if (commands.length === 0) return 'ended';
  return commands.includes(SIGNALLED) ? 'asked to end' : 'untouched';
}

/**
 * Kills an agent at so many points of a stop. Resolves to how many containers were stopped by then or by the next agent, and how many were untouched.
 * @param asks the runtime: `cri:SOCKET` or `docker:SOCKET` @param next starts a container that runs STUBBORN; resolves to its id
 */
export async function killDuringStops(
  folder: string,
  asks: string,
  kills: number,
  next: () => Promise<string>,
): Promise<{ readonly stopped: number; readonly finished: number; readonly untouched: number }> {
  const seen = { stopped: 0, finished: 0, untouched: 0 };
  const whole = await next();
  await until(async () => (await stateOf(whole)) === 'untouched');
  const lap = await timeAction({ folder, action: 'stop_container', container: whole, asks });
  for (const time of killTimes(lap, kills)) {
    const container = await next();
    await until(async () => (await stateOf(container)) === 'untouched');
    const said = await actAndKill({ folder, action: 'stop_container', container, asks }, time);
    const when = `killed after ${Math.round(time)} of ${Math.round(lap)} ms, which said ${JSON.stringify(said)}`;
    seen[await settle(folder, asks, container, when)]++;
  }
  return seen;
}

/** What became of the container, with the next agent and the one after it. */
async function settle(
  folder: string,
  asks: string,
  container: string,
  when: string,
): Promise<'stopped' | 'finished' | 'untouched'> {
  const { entries, acts } = await readLedger(join(folder, 'ledger'));
  const counted = acts.filter((act) => act.container === container).length;
  assert.deepEqual(
    entries.map((entry) => [entry.action, entry.container, entry.phase]),
    entries.map(() => ['stop_container', container, 'doing']),
    when,
  );
  await delay(NOTICED_MS);
  const before = await stateOf(container);
  await startAndEnd(folder, asks, when);
  const after = await stateOf(container);
  if (entries.length === 0) {
    // It had not begun, or was over.
    assert.equal(after, before, when);
    assert.equal(before, counted === 0 ? 'untouched' : 'ended', when);
  } else assert.equal(after, 'ended', when);
  await startAndEnd(folder, asks, when);
  assert.equal(await stateOf(container), after, when);
  const { acts: all } = await readLedger(join(folder, 'ledger'));
  assert.equal(all.filter((act) => act.container === container).length, after === 'ended' ? 1 : 0, when);
  if (after === 'untouched') return after;
  return before === 'ended' ? 'stopped' : 'finished';
}

/** An agent that starts, does what is left, and ends when nothing is. */
async function startAndEnd(folder: string, asks: string, when: string): Promise<void> {
  const { performer, failures } = await openPerformer(folder, () => 1n, {}, process.pid, actorsAsking(asks));
  await until(async () => (await performer.list()).length === 0, STOPPED_MS).catch(() =>
    assert.fail(`${when}: it is under way`),
  );
  await performer.close();
  assert.deepEqual(failures, [], when);
}
