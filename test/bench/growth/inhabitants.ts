// What processes and containers cost that are alive beside the agent and do nothing: at its start, in memory, and while others come and go.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from '../agent-process.ts';
import { FALCO } from '../falco-figures.ts';
import type { Session } from '../figure.ts';
import { runLoad } from '../load.ts';
import { LOAD_CPU } from '../processors.ts';
import { measuredRules } from '../rule-sets.ts';
import { type Crowd, roomForProcesses, startContainers, startProcesses } from './crowd.ts';
import type { Curve, Point } from './curve.ts';

/** The agent gives back what its start took a second after it (host/agent/memory-trim.ts). */
const SETTLED_MS = 3000;
const PROCESSES = [10, 100, 1_000, 10_000, 50_000];
const CONTAINERS = [1, 10, 100, 1_000];

/** What runs while the running cost is taken: processes that come and go. */
const EXECS_A_SECOND = 200;

export async function processesCurves(session: Session): Promise<Curve[]> {
  const counts = session.quick ? PROCESSES.slice(0, -1) : PROCESSES;
  using room = roomForProcesses(Math.max(...counts));
  const possible = counts.map((count) => Math.min(count, room.most));
  return await curves('processes', [...new Set(possible)], startProcesses, session);
}

export function containersCurves(session: Session): Promise<Curve[]> {
  return curves('containers', session.quick ? CONTAINERS.slice(0, -1) : CONTAINERS, startContainers, session);
}

interface Costs {
  /** ms until the first captured event. */
  readonly ms: number;
  /** Bytes of private memory, of what it shares with the kernel, and of the rest of its RSS. */
  readonly rss: number;
  /** ms of CPU time a second, while processes come and go. */
  readonly running: number;
}

async function curves(
  cause: string,
  counts: readonly number[],
  start: (count: number) => Promise<Crowd>,
  { quick, run, progress }: Session,
): Promise<Curve[]> {
  const { paths } = await measuredRules();
  const measured: { readonly count: number; readonly costs: readonly Costs[] }[] = [];
  for (const count of counts) {
    progress(`${count} ${cause}`);
    await using _crowd = await start(count);
    const costs: Costs[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) costs.push(await measure(paths, run, quick ? 1 : 4));
    measured.push({ count, costs });
  }
  // Falco was measured on a machine with few of them: its figures stand beside the first point.
  const points = (value: (costs: Costs) => number, falco: number): Point[] =>
    measured.map(({ count, costs }, index) => ({
      x: count,
      samples: costs.map(value),
      ...(index === 0 && { falco }),
    }));
  const running = `agent's CPU time a second, beside ${EXECS_A_SECOND} execs a second`;
  return [
    { what: 'RSS after the start', cause, unit: 'MB', points: points(({ rss }) => rss / 1e6, FALCO.memoryMb.rss[0]) },
    { what: 'start to first captured event', cause, unit: 'ms', points: points(({ ms }) => ms, FALCO.startMs) },
    {
      what: running,
      cause,
      unit: 'ms',
      points: points((costs) => costs.running, (EXECS_A_SECOND * FALCO.processNs) / 1e6),
    },
  ];
}

async function measure(rules: readonly string[], run: readonly string[], seconds: number): Promise<Costs> {
  const began = performance.timeOrigin + performance.now();
  const agent = new AgentProcess({ rules, run });
  try {
    const { time } = await agent.firstAlert();
    await sleep(SETTLED_MS);
    const { rss } = agent.memory();
    const before = { cpu: agent.cpuTime().total, at: performance.now() };
    await runLoad('exec', { seconds, rate: EXECS_A_SECOND, cpu: LOAD_CPU });
    await agent.drained();
    const running = (agent.cpuTime().total - before.cpu) / 1e6 / ((performance.now() - before.at) / 1000);
    return { ms: Number(time) / 1e6 - began, rss, running };
  } finally {
    await agent.stop();
  }
}
