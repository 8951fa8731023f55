// An hour's worth of a busy node's events, as fast as they go, for an agent that may use 256 MB: it holds them, and does not grow.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad, type Workload } from '../bench/load.ts';
import { measuredRules } from '../bench/rule-sets.ts';
import { median } from '../bench/statistics.ts';
import { SoakAgent } from './agent.ts';
import { Cgroup } from './cgroup.ts';
import { dropAlerts, mustAddUp } from './drops.ts';
import { markFile, startMarks } from './marks.ts';
import { soakRules } from './rules.ts';
import type { Scenario, Session } from './scenario.ts';
import { startShortContainers } from './short-containers.ts';
import { count, megabytes } from './table.ts';

const LIMIT_MB = 256;
/** Of a busy node, in the system calls that rules ask for. */
const EVENTS_A_SECOND = 10_000;
const EVENTS = 3600 * EVENTS_A_SECOND;
const LONGEST_S = 240;
/** Calls a second beside the flood of opens: in two minutes as many as a node makes of 33 and 67 a second in an hour. */
const LOADS: readonly (readonly [Workload, number])[] = [
  ['exec', 1000],
  ['connect', 2000],
];
const MARKS_A_SECOND = 50;
/** Of the last third against the one before. */
const GROWTH = 1.05;

interface Sample {
  readonly group: number;
  readonly own: number;
}

export const MEMORY: Scenario = {
  name: 'memory',
  summary: `${count(EVENTS / 1e6)} million events, an hour of ${count(EVENTS_A_SECOND)} a second, within ${LIMIT_MB} MB`,
  seconds: LONGEST_S + 45,
  async run(session) {
    const group = new Cgroup(`wasprey-soak-${process.pid}`, LIMIT_MB * 2 ** 20);
    session.atEnd(() => group.remove());
    const { paths } = await measuredRules();
    const path = markFile(session);
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), ...paths],
      options: ['--no-kernel-filter'],
      cgroup: group,
      keep: () => false,
    });
    const before = agent.memory();
    startLoads(session, path);
    const { samples, produced, seconds } = await watch(session, agent, group);
    const metrics = await agent.metrics();
    const thirds = [0, 1, 2].map((third) => slice(samples, third));
    const own = thirds.map((third) => median(third.map((sample) => sample.own)));
    const { evaluated, dropped } = metrics.outcomes;
    session.figure('events', `${count(produced)} in ${seconds.toFixed(0)} s, ${count(produced / seconds)} a second`);
    session.figure('  evaluated, dropped', `${count(evaluated)}, ${count(dropped)}`);
    session.figure('alerts', count(agent.lines));
    session.figure('memory of the group, most', megabytes(group.peak));
    session.figure(
      'resident memory, before and after',
      `${megabytes(before.resident)}, ${megabytes(agent.memory().resident)}`,
    );
    session.figure('private memory, by thirds of the time', own.map(megabytes).join(', '));
    session.figure(
      'memory of the group, by thirds',
      thirds.map((third) => megabytes(median(third.map((sample) => sample.group)))).join(', '),
    );
    session.must("an hour's worth of events came", produced >= (session.quick ? 0 : EVENTS), count(produced));
    session.must(
      'nothing was killed for want of memory',
      group.kills === 0 && agent.isRunning,
      `${group.kills} killed`,
    );
    const [, second = 0, last = 0] = own;
    session.must('it does not grow', last <= second * GROWTH, `${megabytes(second)}, then ${megabytes(last)}`);
    session.must(
      'what was dropped is reported',
      dropped === 0 || dropAlerts(agent).length > 0,
      `${dropAlerts(agent).length} alerts of it`,
    );
    await mustAddUp(session, agent);
  },
};

function startLoads(session: Session, path: string): void {
  const floods = Array.from({ length: availableParallelism() }, (_, cpu) =>
    startLoad('open', { seconds: 0, cpu }, () => {}),
  );
  const others = LOADS.map(([workload, rate]) => startLoad(workload, { seconds: 0, rate }, () => {}));
  for (const load of [...floods, ...others]) session.atEnd(() => load.stop());
  startMarks(session, { path, rate: MARKS_A_SECOND });
  startShortContainers(session, Number.POSITIVE_INFINITY, 1);
}

/** Looks each second until there were enough events, or time is over; then the loads go on, so that what is read is of one moment. */
async function watch(session: Session, agent: SoakAgent, group: Cgroup) {
  const samples: Sample[] = [];
  const longest = session.quick ? 10 : LONGEST_S;
  const began = performance.now();
  const start = (await agent.metrics()).produced;
  for (;;) {
    await sleep(1000);
    samples.push({ group: group.now, own: agent.memory().own });
    const produced = (await agent.metrics()).produced - start;
    const seconds = (performance.now() - began) / 1000;
    if (samples.length % 15 === 0) session.progress(`${count(produced)} events, ${megabytes(group.now)}`);
    if (produced >= EVENTS || seconds >= longest) return { samples, produced, seconds };
  }
}

function slice(samples: readonly Sample[], third: number): readonly Sample[] {
  return samples.slice(Math.floor((samples.length * third) / 3), Math.floor((samples.length * (third + 1)) / 3));
}
