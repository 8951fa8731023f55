// From the system call to the line of its alert: on the agent's standard output, which is a pipe.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import { BenchError, type Benchmark, type Figure } from './figure.ts';
import { runMarks, startLoad } from './load.ts';
import { LOAD_CPU } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { quantile } from './statistics.ts';

const READS_A_SECOND = 50;
/** An alert that takes longer is missing. */
const PATIENCE_MS = 2000;

export const LATENCY: Benchmark = {
  name: 'latency',
  summary: 'time from a system call to the line of its alert',
  async run(session) {
    const { paths } = await measuredRules();
    const [rounds, reads] = session.quick ? [1, 50] : [5, 200];
    const agent = await AgentProcess.start({ rules: paths, run: session.run });
    const quiet: number[][] = [];
    const busy: number[][] = [];
    try {
      for (let round = 1; round <= rounds; round++) {
        session.progress(`round ${round} of ${rounds}`);
        quiet.push(await measure(agent, reads));
        const load = startLoad('open', { seconds: 0, rate: 100_000, cpu: LOAD_CPU }, () => {});
        busy.push(await measure(agent, reads).finally(() => load.stop()));
      }
    } finally {
      await agent.stop();
    }
    const part = (what: string, rounds: number[][], part: number, aim?: number): Figure => ({
      what,
      unit: 'ms',
      samples: rounds.map((delays) => quantile(delays, part)),
      ...(aim !== undefined && { aim }),
    });
    return [
      part('syscall to alert line, p50', quiet, 0.5),
      part('syscall to alert line, p99', quiet, 0.99, 5),
      part('the same beside 100,000 openat a second, p50', busy, 0.5),
      part('the same beside 100,000 openat a second, p99', busy, 0.99),
    ];
  },
};

/** Delays in ms. */
async function measure(agent: AgentProcess, reads: number): Promise<number[]> {
  agent.takeMarkAlerts();
  const marks = await runMarks(reads, READS_A_SECOND);
  await agent.drained();
  await sleep(PATIENCE_MS / 4);
  const alerts = agent.takeMarkAlerts();
  if (alerts.length !== marks.length)
    throw new BenchError(`${marks.length} reads of /etc/shadow gave ${alerts.length} alerts`);
  return marks.map(({ monotonic }, index) => Number((alerts[index]?.arrived ?? 0n) - monotonic) / 1e6);
}
