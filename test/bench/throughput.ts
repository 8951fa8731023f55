// Events a second that one CPU can make and the agent, on another one, can take without a drop.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import { type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad, runMarks } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { difference } from './ring-counters.ts';
import { measuredRules } from './rule-sets.ts';

const RATES = [100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1250, 1500].map((k) => k * 1000);

/** Reads of /etc/shadow beside the load, where the events that are dropped are not told. */
const MARKS_A_SECOND = 50;

type Calls = 'open' | 'missing';

interface Step {
  /** Calls a second, as reached. */
  readonly rate: number;
  /** Share of the events that was dropped, 0 to 1. Of Falco: of the reads beside them. */
  readonly lost: number;
}

/** Rates up to one that the load can't reach, or at which too much is lost. */
interface Ramp {
  readonly is: Side['is'];
  readonly calls: Calls;
  readonly steps: readonly Step[];
}

export const THROUGHPUT: Benchmark = {
  name: 'throughput',
  summary: 'events a second without drops, from one CPU',
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const ramps: Ramp[] = [];
    const rounds = session.quick ? 1 : 3;
    for (let round = 0; round < rounds; round++) {
      for (const { is, spawn } of sides(session)) {
        const process = await spawn(paths, AGENT_CPU).begun();
        try {
          await runLoad('open', { seconds: 1, cpu: LOAD_CPU }); // V8 optimises the module while it runs
          for (const calls of ['open', 'missing'] as const)
            ramps.push({ is, calls, steps: await ramp(process, calls, session) });
        } finally {
          await process.stop();
        }
      }
    }
    return [
      figureOf('openat + close, highest rate without drops', 'open', ramps),
      {
        ...figureOf('openat of a missing file, the same', 'missing', ramps),
        aim: 1000,
        falco: FALCO.eventsWithoutDrops,
      },
    ];
  },
};

function figureOf(what: string, calls: Calls, ramps: readonly Ramp[]): Figure {
  const of = (is: Side['is']): Ramp[] => ramps.filter((each) => each.is === is && each.calls === calls);
  const notes = of('agent').map(({ steps }) => {
    const fastest = steps.reduce((a, b) => (b.rate > a.rate ? b : a));
    return `${thousands(fastest.rate)} k/s: ${(fastest.lost * 100).toFixed(1)} % lost`;
  });
  return {
    what,
    unit: 'k/s',
    better: 'more',
    samples: of('agent').map(cleanRate),
    falcoHere: of('falco').map(cleanRate),
    note: `at the load's fastest: ${notes.join('; ')}`,
  };
}

/** The highest without a loss, in thousands. */
function cleanRate({ steps }: Ramp): number {
  return Math.max(0, ...steps.filter(({ lost }) => lost === 0).map(({ rate }) => rate)) / 1000;
}

async function ramp(process: MeasuredProcess, calls: Calls, { quick, progress }: Session): Promise<Step[]> {
  const steps: Step[] = [];
  for (const rate of [...RATES, Number.POSITIVE_INFINITY]) {
    const step = await measure(process, calls, rate, quick ? 1 : 3);
    progress(`${calls}: ${thousands(step.rate)} k/s, ${(step.lost * 100).toFixed(2)} % dropped`);
    steps.push(step);
    // The load can't go faster, or the agent not any more.
    if (step.rate < rate * 0.97 || step.lost > 0.2) break;
  }
  return steps;
}

async function measure(process: MeasuredProcess, workload: Calls, rate: number, seconds: number): Promise<Step> {
  const options = { seconds, cpu: LOAD_CPU, ...(Number.isFinite(rate) && { rate }) };
  if (!(process instanceof AgentProcess)) return measureByMarks(process, workload, options);
  const before = await process.drained();
  const { calls, ns } = await runLoad(workload, options);
  const { produced, dropped } = difference(before, await process.drained());
  await sleep(200);
  return { rate: (calls / ns) * 1e9, lost: dropped / produced };
}

async function measureByMarks(
  process: MeasuredProcess,
  workload: Calls,
  options: { readonly seconds: number },
): Promise<Step> {
  process.takeMarkAlerts();
  const [{ calls, ns }, marks] = await Promise.all([
    runLoad(workload, options),
    runMarks(options.seconds * MARKS_A_SECOND, MARKS_A_SECOND),
  ]);
  await process.settled();
  return { rate: (calls / ns) * 1e9, lost: 1 - process.takeMarkAlerts().length / marks.length };
}

function thousands(rate: number): string {
  return (rate / 1000).toFixed(0);
}
