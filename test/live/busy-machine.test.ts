// A machine that is busy does not look like an agent that was stopped: it waits for CPUs, for its own threads that do, for its quota, for memory.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { directoryForTest } from '../support/directory.ts';
import { startAct, str } from '../support/live/live-act.ts';
import { AT_FDCWD, O, SIGCHLD } from '../support/live/live-numbers.ts';
import { MARKED_RULE, OTHER_CALLS, TamperedAgent } from '../support/live/live-tamper.ts';
import { openRule } from '../support/live/rules-file.ts';

const LOAD_MS = 8_000;
const LOOPS = 6 * availableParallelism();
/** What a report needs: a gap is decided a second after it was reported. */
const REPORT_MS = 3500;

/** An agent with alerts as fast as they come. */
async function startAgent(t: TestContext, moreRules = '', ...words: readonly string[]) {
  const directory = directoryForTest(t);
  const marked = join(directory, 'marked');
  const rules = join(directory, 'rules.yaml');
  const text = openRule({ name: MARKED_RULE, path: marked, output: 'opened %fd.name %proc.aname' }) + moreRules;
  writeFileSync(rules, text);
  const agent = await TamperedAgent.start(rules, ...words);
  t.after(() => agent.stop());
  return { agent, marked, rules, text };
}

/** Processes that end with the block that has started them: before the agent, which would take long to stop beside them. */
function untilEnd(processes: readonly ChildProcess[]): Disposable {
  return { [Symbol.dispose]: () => processes.forEach((process) => void process.kill('SIGKILL')) };
}

function startLoops(count: number): Disposable {
  return untilEnd(Array.from({ length: count }, () => spawn('sh', ['-c', 'while :; do :; done'])));
}

function startStorm(marked: string): Disposable {
  const opens = startAct([
    ['@loop', 100_000_000],
    ['openat', AT_FDCWD, str(marked), O.RDONLY],
  ]);
  const forks = startAct([
    ['@loop', 100_000_000],
    ['clone', SIGCHLD],
  ]);
  return untilEnd([opens.process, forks.process]);
}

async function assertNothingTold(agent: TamperedAgent, milliseconds: number): Promise<void> {
  await sleep(milliseconds);
  assert.deepEqual(
    agent.told.map(({ output }) => output),
    [],
  );
}

test('more processes than CPUs, a storm of events, and alerts as fast as they come', async (t) => {
  const { agent, marked } = await startAgent(t);
  using _loops = startLoops(LOOPS);
  using _storm = startStorm(marked);
  await assertNothingTold(agent, LOAD_MS);
});

test('loops, and it is only told to continue; then other rules', async (t) => {
  const { agent, marked, rules, text } = await startAgent(t, OTHER_CALLS, '--watch');
  {
    using _loops = startLoops(LOOPS);
    await sleep(5000);
    agent.run.kill('SIGCONT');
    await sleep(1500);
  }
  writeFileSync(rules, text.replace('connect,', 'connect, socket, mkdirat, recvfrom,'));
  await agent.run.says(/rules (were )?replaced|in use/);
  await assertNothingTold(agent, REPORT_MS);
  await agent.sees(marked);
});

test('a quota of CPU time, as a container has it', async (t) => {
  const { agent, marked } = await startAgent(t);
  const quota = makeQuota(t, agent.pid);
  if (!quota) {
    t.skip('this machine has no control group for CPU time');
    return;
  }
  using _storm = startStorm(marked);
  quota.limit();
  await sleep(LOAD_MS);
  quota.lift();
  await assertNothingTold(agent, REPORT_MS);
});

interface Quota {
  limit(): void;
  lift(): void;
}

/** A control group with that process, of whichever version the machine has. */
function makeQuota(t: TestContext, pid: number): Quota | undefined {
  const old = existsSync('/sys/fs/cgroup/cpu/cpu.cfs_quota_us');
  const root = old ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';
  const group = join(root, `wasprey-busy-${process.pid}`);
  /** A tenth of a CPU, a second's worth at a time. */
  const [period, tenth] = [1_000_000, 100_000];
  const set = (quota: number): void => {
    if (!old) writeFileSync(join(group, 'cpu.max'), `${quota < 0 ? 'max' : quota} ${period}`);
    else writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
  };
  try {
    mkdirSync(group);
    if (old) writeFileSync(join(group, 'cpu.cfs_period_us'), String(period));
    set(-1);
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
  } catch {
    return undefined;
  }
  // The agent has ended by then.
  t.after(async () => {
    await sleep(100);
    rmdirSync(group);
  });
  return { limit: () => set(tenth), lift: () => set(-1) };
}
