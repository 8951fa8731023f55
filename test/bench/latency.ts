// From the system call to the line of its alert: on the agent's standard output, which is a pipe.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Side, sides } from './falco.ts';
import { BenchError, type Benchmark, type Figure } from './figure.ts';
import { runMarks, startLoad } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
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
    const measured: Delays[] = [];
    for (const side of sides(session)) {
      const process = await side.spawn(paths).begun();
      try {
        for (let round = 1; round <= rounds; round++) {
          session.progress(`round ${round} of ${rounds}`);
          const quiet = await measure(process, reads);
          const load = startLoad('open', { seconds: 0, rate: 100_000, cpu: LOAD_CPU }, () => {});
          const busy = await measure(process, reads).finally(() => load.stop());
          measured.push({ is: side.is, quiet, busy });
        }
      } finally {
        await process.stop();
      }
    }
    const part = (what: string, when: 'quiet' | 'busy', part: number, aim?: number): Figure => {
      const of = (is: Side['is']): number[] =>
        measured.filter((each) => each.is === is).map((each) => quantile(each[when], part));
      return { what, unit: 'ms', samples: of('agent'), falcoHere: of('falco'), ...(aim !== undefined && { aim }) };
    };
    return [
      part('syscall to alert line, p50', 'quiet', 0.5),
      part('syscall to alert line, p99', 'quiet', 0.99, 5),
      part('the same beside 100,000 openat a second, p50', 'busy', 0.5),
      part('the same beside 100,000 openat a second, p99', 'busy', 0.99),
    ];
  },
};

/** Of one round, in ms. */
interface Delays {
  readonly is: Side['is'];
  readonly quiet: readonly number[];
  readonly busy: readonly number[];
}

/** Delays in ms. */
async function measure(agent: MeasuredProcess, reads: number): Promise<number[]> {
  agent.takeMarkAlerts();
  const marks = await runMarks(reads, READS_A_SECOND);
  await agent.settled();
  await sleep(PATIENCE_MS / 4);
  const alerts = agent.takeMarkAlerts();
  if (alerts.length !== marks.length)
    throw new BenchError(`${marks.length} reads of /etc/shadow gave ${alerts.length} alerts`);
  return marks.map(({ monotonic }, index) => Number((alerts[index]?.arrived ?? 0n) - monotonic) / 1e6);
}
