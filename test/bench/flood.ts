// Alerts for 100 reads of /etc/shadow while another process opens and closes files as fast as it can.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess } from './agent-process.ts';
import type { Benchmark } from './figure.ts';
import { runMarks, startLoad } from './load.ts';
import { difference } from './ring-counters.ts';
import { measuredRules } from './rule-sets.ts';

const READS = 100;
const READS_A_SECOND = 50;

export const FLOOD: Benchmark = {
  name: 'flood',
  summary: 'alerts for 100 reads of /etc/shadow during a flood of events',
  async run(session) {
    const { paths } = await measuredRules();
    const seen: number[] = [];
    const lost: number[] = [];
    let rate = 0;
    const agent = await AgentProcess.start({ rules: paths, run: session.run });
    try {
      for (let round = 0; round < (session.quick ? 1 : 5); round++) {
        agent.takeMarkAlerts();
        const before = await agent.drained();
        const began = performance.now();
        const flood = startLoad('open', { seconds: 0 }, () => {});
        try {
          await runMarks(READS, READS_A_SECOND);
        } finally {
          await flood.stop();
        }
        const { produced, dropped } = difference(before, await agent.drained());
        rate = produced / (performance.now() - began);
        await sleep(500);
        seen.push(agent.takeMarkAlerts().length);
        lost.push((dropped / produced) * 100);
        session.progress(`${seen.at(-1)} alerts of ${READS}, ${lost.at(-1)?.toFixed(1)} % of the events dropped`);
      }
    } finally {
      await agent.stop();
    }
    return [
      {
        what: 'reads of /etc/shadow seen in the flood',
        unit: 'of 100',
        better: 'more',
        samples: seen,
        aim: 100,
        falco: 6,
      },
      { what: '  events dropped in it', unit: '%', samples: lost, falco: 36, note: `${rate.toFixed(0)} k/s` },
    ];
  },
};
