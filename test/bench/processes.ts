// CPU time of the agent for a process that comes and goes: a vfork, an exec and an exit, beside what the kernel does in that process.

import { AgentProcess } from './agent-process.ts';
import type { Benchmark } from './figure.ts';
import { runLoad } from './load.ts';
import { AGENT_CPU, LOAD_CPU, requireTwoProcessors } from './processors.ts';
import { measuredRules } from './rule-sets.ts';

/** So many and V8 has compiled what they need for speed. */
const UNTIL_WARM = 8_000;
const AT_ONCE = 2_000;

export const PROCESSES: Benchmark = {
  name: 'processes',
  summary: 'CPU time of the agent for a process that comes and goes',
  async run(session) {
    requireTwoProcessors();
    const { paths, name } = await measuredRules();
    const [starts, rounds] = session.quick ? [1, 2] : [3, 5];
    const first: number[] = [];
    const warm: number[] = [];
    for (let start = 1; start <= starts; start++) {
      session.progress(`start ${start} of ${starts}`);
      const agent = await AgentProcess.start({ rules: paths, cpu: AGENT_CPU, run: session.run });
      try {
        first.push(await costOfProcesses(agent, AT_ONCE));
        await costOfProcesses(agent, UNTIL_WARM - AT_ONCE);
        for (let round = 0; round < rounds; round++) warm.push(await costOfProcesses(agent, AT_ONCE));
      } finally {
        await agent.stop();
      }
    }
    return [
      { what: `CPU a process, the first ${AT_ONCE}, ${name}`, unit: 'ns', samples: first },
      { what: `  after ${UNTIL_WARM}`, unit: 'ns', samples: warm, aim: 15_000 },
    ];
  },
};

/** Starts so many, one after the other. Returns ns of CPU time for each. */
async function costOfProcesses(agent: AgentProcess, calls: number): Promise<number> {
  await agent.drained();
  const before = agent.cpuTime().total;
  await runLoad('exec', { seconds: 0, calls, cpu: LOAD_CPU });
  await agent.drained();
  return (agent.cpuTime().total - before) / calls;
}
