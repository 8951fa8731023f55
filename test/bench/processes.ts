// CPU time of the agent for a process that comes and goes: a vfork, an exec and an exit.

import { costsOfCalls } from './cpu-per-call.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark } from './figure.ts';

const COUNTS = { atOnce: 2_000, untilWarm: 8_000 };

export const PROCESSES: Benchmark = {
  name: 'processes',
  summary: 'CPU time of the agent for a process that comes and goes',
  async run(session) {
    const { agent, falco } = await costsOfCalls('exec', COUNTS, session);
    const beside = { unit: 'ns', aim: 15_000, falco: FALCO.processNs } as const;
    return [
      { what: `CPU a process, the first ${COUNTS.atOnce}`, samples: agent.first, falcoHere: falco.first, ...beside },
      { what: `  after ${COUNTS.untilWarm}`, samples: agent.warm, falcoHere: falco.warm, ...beside },
    ];
  },
};
