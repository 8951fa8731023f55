// CPU time of the agent for each event, evaluated or filtered in the kernel: its own, beside what the kernel does in the traced process.

import { AgentProcess } from './agent-process.ts';
import { type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { type LoadOptions, runLoad } from './load.ts';
import type { CpuTime, MeasuredProcess } from './measured-process.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { difference, type RingCounters } from './ring-counters.ts';
import { measuredRuleSets, type RuleSet } from './rule-sets.ts';
import { runScript } from './script.ts';
import { median } from './statistics.ts';

interface Work {
  readonly what: string;
  readonly aimed: boolean;
  /** Resolves with how often it has done the same. */
  run(seconds: number): Promise<number>;
}

const WORKS: readonly Work[] = [
  {
    what: 'openat as fast as one CPU can',
    aimed: true,
    run: (seconds) => opens({ seconds, cpu: LOAD_CPU }),
  },
  {
    what: 'openat 20,000 times a second',
    aimed: false,
    run: (seconds) => opens({ seconds, cpu: LOAD_CPU, rate: 20_000 }),
  },
  { what: 'shell scripts, builds, packages', aimed: false, run: () => runScript(LOAD_CPU).then(() => 1) },
];

async function opens(options: LoadOptions): Promise<number> {
  return (await runLoad('open', options)).calls;
}

/** Of one round, for as much work as has been done once. */
interface Cost {
  readonly is: Side['is'];
  readonly work: Work;
  /** ns. */
  readonly cpu: CpuTime;
  /** As the agent counts them, those left out that it had no room for. */
  readonly events: number | undefined;
}

export const CPU_PER_EVENT: Benchmark = {
  name: 'cpu',
  summary: 'CPU time of the agent for each event',
  async run(session) {
    requireTwoProcessors();
    const figures: Figure[] = [];
    for (const rules of await measuredRuleSets()) {
      const costs: Cost[] = [];
      const rounds = session.quick ? 1 : 5;
      for (let round = 1; round <= rounds; round++) {
        session.progress(`${rules.name}, round ${round} of ${rounds}`);
        for (const side of sides(session)) costs.push(...(await measure(side, rules, session)));
      }
      figures.push(...WORKS.flatMap((work) => figuresOf(work, rules, costs)));
    }
    return figures;
  },
};

async function measure({ is, spawn }: Side, { paths }: RuleSet, { quick }: Session): Promise<Cost[]> {
  const costs: Cost[] = [];
  const process = await spawn(paths, AGENT_CPU).begun();
  try {
    // V8 optimises the module while it runs.
    await runLoad('open', { seconds: 1, cpu: LOAD_CPU });
    for (const work of WORKS) {
      const before = { counters: await countersOf(process), cpu: process.cpuTime() };
      const times = await work.run(quick ? 1 : 2);
      const after = { counters: await countersOf(process), cpu: process.cpuTime() };
      const cpu = {
        total: (after.cpu.total - before.cpu.total) / times,
        user: (after.cpu.user - before.cpu.user) / times,
      };
      const counted = before.counters && after.counters && difference(before.counters, after.counters);
      const events = counted && (counted.produced - counted.dropped) / times;
      costs.push({ is, work, cpu, events });
    }
  } finally {
    await process.stop();
  }
  return costs;
}

/** Once it has taken all that was on its way. Undefined of Falco. */
async function countersOf(process: MeasuredProcess): Promise<RingCounters | undefined> {
  if (process instanceof AgentProcess) return process.drained();
  await process.settled();
  return undefined;
}

function figuresOf(work: Work, { name }: RuleSet, costs: readonly Cost[]): Figure[] {
  const of = (is: Side['is']): Cost[] => costs.filter((cost) => cost.is === is && cost.work === work);
  // Falco does not tell: the same work makes as many for it.
  const usual = median(of('agent').map(({ events = Number.NaN }) => events));
  const perEvent = (is: Side['is'], part: keyof CpuTime): number[] =>
    of(is).map(({ cpu, events = usual }) => cpu[part] / events);
  const figure = (what: string, part: keyof CpuTime): Figure => ({
    what,
    unit: 'ns',
    samples: perEvent('agent', part),
    falcoHere: perEvent('falco', part),
  });
  return [
    {
      ...figure(`user CPU an event, ${work.what}, ${name}`, 'user'),
      ...(work.aimed && { aim: 80, falco: FALCO.eventNs }),
    },
    figure('  user and system', 'total'),
  ];
}
