// Events a second that one CPU can make and the agent, on another one, can take without a drop.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { difference } from './ring-counters.ts';
import { measuredRules } from './rule-sets.ts';

const RATES = [100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000, 1250, 1500].map((k) => k * 1000);

interface Step {
  /** Calls a second, as reached. */
  readonly rate: number;
  /** Share of the events that was dropped, 0 to 1. */
  readonly lost: number;
}

export const THROUGHPUT: Benchmark = {
  name: 'throughput',
  summary: 'events a second without drops, from one CPU',
  async run(session) {
    requireTwoProcessors();
    const { paths } = await measuredRules();
    const agent = await AgentProcess.start({ rules: paths, cpu: AGENT_CPU, run: session.run });
    try {
      await runLoad('open', { seconds: 1, cpu: LOAD_CPU }); // V8 optimises the module while it runs
      return [
        await ramp(agent, 'open', 'openat + close, highest rate without drops', session),
        await ramp(agent, 'missing', 'openat of a missing file, the same', session, 1000, 537),
      ];
    } finally {
      await agent.stop();
    }
  },
};

async function ramp(
  agent: AgentProcess,
  workload: 'open' | 'missing',
  what: string,
  session: Session,
  aim?: number,
  falco?: number,
): Promise<Figure> {
  const samples: number[] = [];
  const notes: string[] = [];
  for (let round = 0; round < (session.quick ? 1 : 3); round++) {
    const steps: Step[] = [];
    for (const rate of [...RATES, Number.POSITIVE_INFINITY]) {
      const step = await measure(agent, workload, rate, session.quick ? 1 : 3);
      session.progress(`${workload}: ${thousands(step.rate)} k/s, ${(step.lost * 100).toFixed(2)} % dropped`);
      steps.push(step);
      // The load can't go faster, or the agent not any more.
      if (step.rate < rate * 0.97 || step.lost > 0.2) break;
    }
    const clean = steps.filter(({ lost }) => lost === 0).map(({ rate }) => rate);
    samples.push(Math.max(0, ...clean) / 1000);
    const fastest = steps.reduce((a, b) => (b.rate > a.rate ? b : a));
    notes.push(`${thousands(fastest.rate)} k/s: ${(fastest.lost * 100).toFixed(1)} % lost`);
  }
  return {
    what,
    unit: 'k/s',
    better: 'more',
    samples,
    ...(aim !== undefined && { aim }),
    ...(falco !== undefined && { falco }),
    note: `at the load's fastest: ${notes.join('; ')}`,
  };
}

async function measure(
  agent: AgentProcess,
  workload: 'open' | 'missing',
  rate: number,
  seconds: number,
): Promise<Step> {
  const before = await agent.drained();
  const options = { seconds, cpu: LOAD_CPU, ...(Number.isFinite(rate) && { rate }) };
  const { calls, ns } = await runLoad(workload, options);
  const { produced, dropped } = difference(before, await agent.drained());
  await sleep(200);
  return { rate: (calls / ns) * 1e9, lost: dropped / produced };
}

function thousands(rate: number): string {
  return (rate / 1000).toFixed(0);
}
