// Alerts for 100 reads of /etc/shadow while another process opens and closes files as fast as it can.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import { type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark } from './figure.ts';
import { runLoad, runMarks, startLoad } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { difference } from './ring-counters.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

const READS = 100;
const READS_A_SECOND = 50;

interface Round {
  readonly is: Side['is'];
  /** Reads that it has reported. */
  readonly seen: number;
  /** Percent of the events, and thousands of them a second. Falco does not tell. */
  readonly dropped?: number;
  readonly rate?: number;
}

export const FLOOD: Benchmark = {
  name: 'flood',
  summary: 'alerts for 100 reads of /etc/shadow during a flood of events',
  async run(session) {
    const { paths } = await measuredRules();
    const rounds: Round[] = [];
    const count = session.quick ? 1 : 5;
    for (let round = 1; round <= count; round++) {
      for (const { is, spawn } of sides(session)) {
        const process = await spawn(paths).begun();
        try {
          await runLoad('open', { seconds: 1 }); // V8 optimises the module while it runs
          const measured = { is, ...(await measure(process)) };
          session.progress(`round ${round} of ${count}, ${is}: ${measured.seen} alerts of ${READS}`);
          rounds.push(measured);
        } finally {
          await process.stop();
        }
      }
    }
    const seen = (is: Side['is']): number[] => rounds.filter((round) => round.is === is).map((round) => round.seen);
    const own = rounds.filter(({ is }) => is === 'agent');
    return [
      {
        what: 'reads of /etc/shadow seen in the flood',
        unit: 'of 100',
        better: 'more',
        samples: seen('agent'),
        falcoHere: seen('falco'),
        aim: READS,
        falco: FALCO.flood.reported,
      },
      {
        what: '  events dropped in it',
        unit: '%',
        samples: own.map(({ dropped = Number.NaN }) => dropped),
        falco: FALCO.flood.dropped,
        note: `${median(own.map(({ rate = Number.NaN }) => rate)).toFixed(0)} k/s`,
      },
    ];
  },
};

async function measure(process: MeasuredProcess): Promise<Omit<Round, 'is'>> {
  await process.settled();
  process.takeMarkAlerts();
  const agent = process instanceof AgentProcess ? process : undefined;
  const before = agent?.counters();
  const began = performance.now();
  const flood = startLoad('open', { seconds: 0 }, () => {});
  try {
    await runMarks(READS, READS_A_SECOND);
  } finally {
    await flood.stop();
  }
  await process.settled();
  const ms = performance.now() - began;
  await sleep(500);
  const seen = process.takeMarkAlerts().length;
  if (!agent || !before) return { seen };
  const { produced, dropped } = difference(before, agent.counters());
  return { seen, dropped: (dropped / produced) * 100, rate: produced / ms };
}
