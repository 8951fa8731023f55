// CPU time of the agent for what a call makes: its own, beside what the kernel does in the process that calls. V8 compiles what is needed often, so
// that the first calls cost more than those after them.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Side, sides } from './falco.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad, type Workload } from './load.ts';
import { AFTER_START_MS, type MeasuredProcess } from './measured-process.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';

export interface CallCounts {
  /** Those that are measured together. */
  readonly atOnce: number;
  /** After so many it is warm. */
  readonly untilWarm: number;
}

/** ns of CPU time for a call: of each start the first, of each round after that, and of each start those that come one by one. */
export interface CallCosts {
  readonly first: number[];
  readonly warm: number[];
  readonly apart: number[];
  /** Of each start, ns of CPU time when idle, in the time from one of these calls to the next. */
  readonly idle: number[];
}

/** Calls a second, as a machine makes them that has other work: each wakes the reader. What the agent takes when idle is part of their cost. */
const APART_RATE = 200;
const APART_SECONDS = 4;

export interface CallBenchmark
  extends CallCounts,
    Required<Pick<Figure, 'aim' | 'falco'>>,
    Pick<Benchmark, 'name' | 'summary'> {
  /** What the calls make, as the table calls it. */
  readonly what: string;
  readonly workload: Exclude<Workload, 'mark'>;
}

export function callBenchmark({
  name,
  summary,
  what,
  workload,
  aim,
  falco: before,
  ...counts
}: CallBenchmark): Benchmark {
  return {
    name,
    summary,
    async run(session) {
      const { agent, falco } = await costsOfCalls(workload, counts, session);
      const beside = { unit: 'ns', aim, falco: before } as const;
      const first = `CPU ${what}, the first ${counts.atOnce}`;
      return [
        { what: first, samples: agent.first, falcoHere: falco.first, ...beside },
        { what: `  after ${counts.untilWarm}`, samples: agent.warm, falcoHere: falco.warm, ...beside },
        { what: `  warm, ${APART_RATE} a second`, samples: agent.apart, falcoHere: falco.apart, unit: 'ns' },
        { what: '    of it when idle', samples: agent.idle, falcoHere: falco.idle, unit: 'ns' },
      ];
    },
  };
}

/** By turns, where Falco is measured beside it. */
async function costsOfCalls(
  workload: Exclude<Workload, 'mark'>,
  { atOnce, untilWarm }: CallCounts,
  session: Session,
): Promise<Readonly<Record<Side['is'], CallCosts>>> {
  requireTwoProcessors();
  const { paths } = await measuredRules();
  const costs = { agent: noCosts(), falco: noCosts() };
  const [starts, rounds] = session.quick ? [1, 2] : [3, 5];
  for (let start = 1; start <= starts; start++) {
    for (const { is, spawn } of sides(session)) {
      session.progress(`start ${start} of ${starts}, ${is}`);
      const process = await spawn(paths, AGENT_CPU).begun();
      try {
        await sleep(AFTER_START_MS);
        costs[is].first.push(await costOf(process, workload, { calls: atOnce }));
        await costOf(process, workload, { calls: untilWarm - atOnce });
        for (let round = 0; round < rounds; round++)
          costs[is].warm.push(await costOf(process, workload, { calls: atOnce }));
        const apart = { calls: APART_SECONDS * APART_RATE, rate: APART_RATE };
        costs[is].apart.push(await costOf(process, workload, apart));
        costs[is].idle.push(await costOfNothing(process));
      } finally {
        await process.stop();
      }
    }
  }
  return costs;
}

function noCosts(): CallCosts {
  return { first: [], warm: [], apart: [], idle: [] };
}

/** Makes so many, one after the other, as fast as it can or at that rate a second. */
async function costOf(
  process: MeasuredProcess,
  workload: Exclude<Workload, 'mark'>,
  { calls, rate }: { readonly calls: number; readonly rate?: number },
): Promise<number> {
  await process.settled();
  const before = process.cpuTime().total;
  await runLoad(workload, { seconds: 0, calls, cpu: LOAD_CPU, ...(rate !== undefined && { rate }) });
  await process.settled();
  return (process.cpuTime().total - before) / calls;
}

/** ns in the time from one of the calls that come one by one to the next. It does not have the start and end of the load, as those have. */
async function costOfNothing(process: MeasuredProcess): Promise<number> {
  await process.settled();
  const before = process.cpuTime().total;
  await sleep(APART_SECONDS * 1000);
  return (process.cpuTime().total - before) / (APART_SECONDS * APART_RATE);
}
