// CPU time of the agent for what a call makes: its own, beside what the kernel does in the process that calls. V8 compiles what is needed often, so
// that the first calls cost more than those after them.

import { type Side, sides } from './falco.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad, type Workload } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';

export interface CallCounts {
  /** Those that are measured together. */
  readonly atOnce: number;
  /** After so many it is warm. */
  readonly untilWarm: number;
}

/** ns of CPU time for a call: of each start the first, and of each round after that. */
export interface CallCosts {
  readonly first: number[];
  readonly warm: number[];
}

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
  const costs = { agent: { first: [], warm: [] }, falco: { first: [], warm: [] } } as Record<Side['is'], CallCosts>;
  const [starts, rounds] = session.quick ? [1, 2] : [3, 5];
  for (let start = 1; start <= starts; start++) {
    for (const { is, spawn } of sides(session)) {
      session.progress(`start ${start} of ${starts}, ${is}`);
      const process = await spawn(paths, AGENT_CPU).begun();
      try {
        costs[is].first.push(await costOf(process, workload, atOnce));
        await costOf(process, workload, untilWarm - atOnce);
        for (let round = 0; round < rounds; round++) costs[is].warm.push(await costOf(process, workload, atOnce));
      } finally {
        await process.stop();
      }
    }
  }
  return costs;
}

/** Makes so many, one after the other. */
async function costOf(process: MeasuredProcess, workload: Exclude<Workload, 'mark'>, calls: number): Promise<number> {
  await process.settled();
  const before = process.cpuTime().total;
  await runLoad(workload, { seconds: 0, calls, cpu: LOAD_CPU });
  await process.settled();
  return (process.cpuTime().total - before) / calls;
}
