// CPU time of the agent for each event, evaluated or filtered in the kernel: its own, beside what the kernel does in the traced process.

import { AgentProcess } from './agent-process.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { difference } from './ring-counters.ts';
import { measuredRuleSets, type RuleSet } from './rule-sets.ts';
import { runScript } from './script.ts';

interface Work {
  readonly what: string;
  readonly aimed: boolean;
  run(seconds: number): Promise<unknown>;
}

const WORKS: readonly Work[] = [
  {
    what: 'openat as fast as one CPU can',
    aimed: true,
    run: (seconds) => runLoad('open', { seconds, cpu: LOAD_CPU }),
  },
  {
    what: 'openat 20,000 times a second',
    aimed: false,
    run: (seconds) => runLoad('open', { seconds, cpu: LOAD_CPU, rate: 20_000 }),
  },
  { what: 'shell scripts, builds, packages', aimed: false, run: () => runScript(LOAD_CPU) },
];

export const CPU_PER_EVENT: Benchmark = {
  name: 'cpu',
  summary: 'CPU time of the agent for each event',
  async run(session) {
    requireTwoProcessors();
    const figures: Figure[] = [];
    for (const rules of await measuredRuleSets()) {
      session.progress(rules.name);
      figures.push(...(await measure(rules, session)));
    }
    return figures;
  },
};

async function measure(rules: RuleSet, { quick, run }: Session): Promise<Figure[]> {
  const [rounds, seconds] = quick ? [1, 1] : [5, 2];
  const total = new Map<Work, number[]>(WORKS.map((work) => [work, []]));
  const user = new Map<Work, number[]>(WORKS.map((work) => [work, []]));
  const agent = await AgentProcess.start({ rules: rules.paths, cpu: AGENT_CPU, run });
  try {
    // V8 optimises the module while it runs.
    await runLoad('open', { seconds: 1, cpu: LOAD_CPU });
    for (let round = 0; round < rounds; round++) {
      for (const work of WORKS) {
        const before = { counters: await agent.drained(), cpu: agent.cpuTime() };
        await work.run(seconds);
        const after = { counters: await agent.drained(), cpu: agent.cpuTime() };
        const { produced, dropped } = difference(before.counters, after.counters);
        total.get(work)?.push((after.cpu.total - before.cpu.total) / (produced - dropped));
        user.get(work)?.push((after.cpu.user - before.cpu.user) / (produced - dropped));
      }
    }
  } finally {
    await agent.stop();
  }
  return WORKS.flatMap((work): Figure[] => [
    {
      what: `user CPU an event, ${work.what}, ${rules.name}`,
      unit: 'ns',
      samples: user.get(work) ?? [],
      ...(work.aimed && { aim: 80, falco: [1863, 2574] as const }),
    },
    { what: '  user and system', unit: 'ns', samples: total.get(work) ?? [] },
  ]);
}
