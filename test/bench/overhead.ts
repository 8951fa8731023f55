// What the agent adds to a system call, to the process that makes it: the same loop with and without, by turns.

import { AgentProcess } from './agent-process.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { runLoad, type Workload } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { interleavedPairs, median } from './statistics.ts';

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
    const without = new Map<Call, number[]>(CALLS.map((call) => [call, []]));
    const withAgent = new Map<Call, number[]>(CALLS.map((call) => [call, []]));
    await measureAll(without, session);
    const rounds = session.quick ? 2 : 7;
    for (let round = 1; round <= rounds; round++) {
      session.progress(`round ${round} of ${rounds}`);
      const agent = await AgentProcess.start({ rules: paths, cpu: AGENT_CPU, run: session.run });
      try {
        await measureAll(withAgent, session);
      } finally {
        await agent.stop();
      }
      await measureAll(without, session);
    }
    return CALLS.map((call) => figureOf(call, without.get(call) ?? [], withAgent.get(call) ?? []));
  },
};

async function measureAll(into: Map<Call, number[]>, { quick }: Session): Promise<void> {
  for (const [{ workload }, samples] of into) {
    const { calls, cpuNs } = await runLoad(workload, { seconds: quick ? 0.3 : 0.7, cpu: LOAD_CPU });
    samples.push(cpuNs / calls);
  }
}

function figureOf({ what, unit, aim, falco }: Call, without: readonly number[], withAgent: readonly number[]): Figure {
  const pairs = interleavedPairs(without, withAgent);
  const samples = pairs.map(({ without, with: traced }) =>
    unit === '+ns' ? traced - without : (traced / without - 1) * 100,
  );
  const [bare, traced] = [median(without), median(withAgent)];
  return {
    what,
    unit,
    samples,
    ...(aim !== undefined && { aim }),
    ...(falco !== undefined && { falco }),
    note: `${bare.toFixed(0)} -> ${traced.toFixed(0)} ns`,
  };
}
