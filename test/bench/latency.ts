// From the system call to the line of its alert: on the agent's standard output, which is a pipe.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Side, sides } from './falco.ts';
import { BenchError, type Benchmark, type Figure } from './figure.ts';
import { type LoadOptions, type RunningLoad, runMarks, startLoad } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { LOAD_CPU } from './processors.ts';
import { measuredRules } from './rule-sets.ts';
import { median, quantile } from './statistics.ts';

const READS_A_SECOND = 50;
/** Before those that count, since each round has a process of its own: what V8 compiles for alerts is compiled by then. */
const UNTIL_WARM = 300;
const UNTIL_WARM_A_SECOND = 200;
/** An alert that takes longer is missing. */
const PATIENCE_MS = 2000;

/** A file that rules report as they do /etc/shadow, so that the storm's alerts are not taken for the marks'. */
const STORM_FILE = '/etc/pam.conf';
const STORM_A_SECOND = 1000;
/** A round whose storm has not reached so many says nothing of one. */
const STORM_AT_LEAST = 900;

/** What goes on beside the reads. */
type Beside = 'nothing' | 'opens' | 'storm';

const LOADS: Readonly<Record<Beside, LoadOptions | undefined>> = {
  nothing: undefined,
  opens: { seconds: 0, rate: 100_000, cpu: LOAD_CPU },
  storm: { seconds: 0, rate: STORM_A_SECOND, cpu: LOAD_CPU, path: STORM_FILE },
};

/** Of one round, in ms. */
interface Delays {
  readonly is: Side['is'];
  readonly beside: Beside;
  readonly delays: readonly number[];
  /** All that it has reported meanwhile. */
  readonly alertsASecond: number;
}

export const LATENCY: Benchmark = {
  name: 'latency',
  summary: 'time from a system call to the line of its alert',
  async run(session) {
    const { paths } = await measuredRules();
    const [rounds, reads] = session.quick ? [1, 50] : [5, 200];
    const measured: Delays[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const { is, spawn } of sides(session)) {
        session.progress(`round ${round} of ${rounds}, ${is}`);
        const process = await spawn(paths).begun();
        try {
          process.takeMarkAlerts();
          const warm = await runMarks(UNTIL_WARM, UNTIL_WARM_A_SECOND);
          await arrived(process, warm.length);
          for (const beside of ['nothing', 'opens', 'storm'] as const)
            measured.push({ is, beside, ...(await measure(process, beside, reads)) });
        } finally {
          await process.stop();
        }
      }
    }
    return [
      figureOf('syscall to alert line, p50', 'nothing', 0.5, measured, 0.5),
      figureOf('syscall to alert line, p99', 'nothing', 0.99, measured, 3),
      figureOf('the same beside 100,000 openat a second, p50', 'opens', 0.5, measured),
      figureOf('the same beside 100,000 openat a second, p99', 'opens', 0.99, measured),
      figureOf('the same beside 1,000 alerts a second, p50', 'storm', 0.5, measured),
      figureOf('the same beside 1,000 alerts a second, p99', 'storm', 0.99, measured, 3),
    ];
  },
};

function figureOf(what: string, beside: Beside, part: number, measured: readonly Delays[], aim?: number): Figure {
  const rounds = measured.filter((round) => round.beside === beside);
  const of = (is: Side['is']): number[] =>
    rounds
      .filter((round) => round.is === is && (beside !== 'storm' || round.alertsASecond >= STORM_AT_LEAST))
      .map(({ delays }) => quantile(delays, part));
  const alerts = median(rounds.filter(({ is }) => is === 'agent').map(({ alertsASecond }) => alertsASecond));
  return {
    what,
    unit: 'ms',
    samples: of('agent'),
    falcoHere: of('falco'),
    ...(aim !== undefined && { aim }),
    ...(beside === 'storm' && { note: `it reported ${alerts.toFixed(0)} a second in all` }),
  };
}

/** Waits until so many alerts of reads have come. */
async function arrived(agent: MeasuredProcess, alerts: number): Promise<void> {
  await agent.settled();
  await atMost(PATIENCE_MS, () => agent.alertsWaiting >= alerts);
}

/** Waits until it is so, or for so long. */
async function atMost(ms: number, isSo: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  while (!isSo() && performance.now() < end) await sleep(20);
}

/** Delays in ms. */
async function measure(
  agent: MeasuredProcess,
  beside: Beside,
  reads: number,
): Promise<Pick<Delays, 'delays' | 'alertsASecond'>> {
  agent.takeMarkAlerts();
  const options = LOADS[beside];
  const quiet = agent.lines;
  const load: RunningLoad | undefined = options && startLoad('open', options, () => {});
  let marks: Awaited<ReturnType<typeof runMarks>>;
  let alertsASecond: number;
  try {
    if (beside === 'storm') await atMost(PATIENCE_MS, () => agent.lines > quiet + STORM_A_SECOND / 10);
    const [lines, began] = [agent.lines, performance.now()];
    marks = await runMarks(reads, READS_A_SECOND);
    alertsASecond = ((agent.lines - lines) / (performance.now() - began)) * 1000;
  } finally {
    await load?.stop();
  }
  await arrived(agent, marks.length);
  const alerts = agent.takeMarkAlerts();
  if (alerts.length !== marks.length)
    throw new BenchError(`${marks.length} reads of /etc/shadow gave ${alerts.length} alerts`);
  const delays = marks.map(({ monotonic }, index) => Number((alerts[index]?.arrived ?? 0n) - monotonic) / 1e6);
  return { delays, alertsASecond };
}
