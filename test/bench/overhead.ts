// What the agent adds to a system call, to the process that makes it: the same loop with and without, by turns.

import { type Side, sides } from './falco.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad, type Workload } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

interface Call {
  readonly workload: Exclude<Workload, 'mark'>;
  readonly what: string;
  readonly unit: '+ns' | '+%';
  readonly aim?: number;
  readonly falco?: number;
}

const CALLS: readonly Call[] = [
  { workload: 'untraced', what: 'untraced syscall (getppid)', unit: '+ns', aim: 35, falco: 90 },
  { workload: 'open', what: 'openat + close', unit: '+%', aim: 25, falco: 97 },
  { workload: 'missing', what: 'openat of a missing file', unit: '+%' },
  { workload: 'exec', what: 'fork + exec + wait', unit: '+%', aim: 3, falco: 6 },
  { workload: 'connect', what: 'connect + accept + close', unit: '+%', aim: 8, falco: 16 },
];

export const OVERHEAD: Benchmark = {
  name: 'overhead',
  summary: 'time of a system call with and without the agent: untraced, openat, execve, connect and accept',
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const all = sides(session);
    const rounds: Round[] = [];
    let before = await measureAll(session);
    const count = session.quick ? 2 : 7;
    for (let number = 1; number <= count; number++) {
      session.progress(`round ${number} of ${count}`);
      for (const side of all) {
        const process = await side.spawn(paths, AGENT_CPU).begun();
        let traced: Times;
        try {
          traced = await measureAll(session);
        } finally {
          await process.stop();
        }
        const after = await measureAll(session);
        rounds.push({ side, before, traced, after });
        before = after;
      }
    }
    return CALLS.map((call) => figureOf(call, rounds));
  },
};

/** ns of a call. */
type Times = ReadonlyMap<Call, number>;

/** Without, with, and without again. */
interface Round {
  readonly side: Side;
  readonly before: Times;
  readonly traced: Times;
  readonly after: Times;
}

async function measureAll({ quick }: Session): Promise<Times> {
  const times = new Map<Call, number>();
  for (const call of CALLS) {
    const { calls, cpuNs } = await runLoad(call.workload, { seconds: quick ? 0.3 : 0.7, cpu: LOAD_CPU });
    times.set(call, cpuNs / calls);
  }
  return times;
}

function figureOf(call: Call, rounds: readonly Round[]): Figure {
  const { what, unit, aim, falco } = call;
  const of = (is: Side['is']): { without: number; traced: number }[] =>
    rounds
      .filter(({ side }) => side.is === is)
      .map(({ before, traced, after }) => ({
        without: ((before.get(call) ?? Number.NaN) + (after.get(call) ?? Number.NaN)) / 2,
        traced: traced.get(call) ?? Number.NaN,
      }));
  const added = (is: Side['is']): number[] =>
    of(is).map(({ without, traced }) => (unit === '+ns' ? traced - without : (traced / without - 1) * 100));
  const own = of('agent');
  const [bare, traced] = [median(own.map(({ without }) => without)), median(own.map((each) => each.traced))];
  return {
    what,
    unit,
    samples: added('agent'),
    falcoHere: added('falco'),
    ...(aim !== undefined && { aim }),
    ...(falco !== undefined && { falco }),
    note: `${bare.toFixed(0)} -> ${traced.toFixed(0)} ns`,
  };
}
