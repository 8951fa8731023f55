// What processes and containers cost that are alive when the agent starts, and that do nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from '../agent-process.ts';
import type { Session } from '../figure.ts';
import { measuredRules } from '../rule-sets.ts';
import { type Crowd, mostProcesses, startContainers, startProcesses } from './crowd.ts';
import type { Curve, Point } from './curve.ts';

/** The agent gives back what its start took a second after it (host/agent/memory-trim.ts). */
const SETTLED_MS = 3000;
const PROCESSES = [10, 100, 1_000, 10_000, 50_000];
const CONTAINERS = [1, 10, 100, 1_000];

export function processesCurves(session: Session): Promise<Curve[]> {
  const most = mostProcesses();
  const counts = PROCESSES.map((count) => Math.min(count, most));
  return curves('processes', counts, startProcesses, session);
}

export function containersCurves(session: Session): Promise<Curve[]> {
  return curves('containers', CONTAINERS, startContainers, session);
}

interface Start {
  /** ms until the first captured event. */
  readonly ms: number;
  /** Bytes of private memory, of what it shares with the kernel, and of the rest of its RSS. */
  readonly rss: number;
}

async function curves(
  cause: string,
  counts: readonly number[],
  start: (count: number) => Promise<Crowd>,
  { quick, run, progress }: Session,
): Promise<Curve[]> {
  const { paths } = await measuredRules();
  const rss: Point[] = [];
  const first: Point[] = [];
  for (const count of quick ? counts.slice(0, -1) : counts) {
    progress(`${count} ${cause}`);
    await using _crowd = await start(count);
    const starts: Start[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) starts.push(await measure(paths, run));
    rss.push({ x: count, samples: starts.map((each) => each.rss / 1e6) });
    first.push({ x: count, samples: starts.map(({ ms }) => ms) });
  }
  return [
    { what: 'RSS after the start', cause, unit: 'MB', points: rss },
    { what: 'start to first captured event', cause, unit: 'ms', points: first },
  ];
}

async function measure(rules: readonly string[], run: readonly string[]): Promise<Start> {
  const began = performance.timeOrigin + performance.now();
  const agent = new AgentProcess({ rules, run });
  try {
    const { time } = await agent.firstAlert();
    await sleep(SETTLED_MS);
    return { ms: Number(time) / 1e6 - began, rss: agent.memory().rss };
  } finally {
    await agent.stop();
  }
}
