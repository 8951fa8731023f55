// CPU time of the agent for a connection on the loopback: a connect, an accept and two closes.

import { costsOfCalls } from './cpu-per-call.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark } from './figure.ts';

const COUNTS = { atOnce: 20_000, untilWarm: 60_000 };

export const CONNECTIONS: Benchmark = {
  name: 'connections',
  summary: 'CPU time of the agent for a connection',
  async run(session) {
    const { agent, falco } = await costsOfCalls('connect', COUNTS, session);
    const beside = { unit: 'ns', aim: 1_000, falco: FALCO.connectionNs } as const;
    return [
      { what: `CPU a connection, the first ${COUNTS.atOnce}`, samples: agent.first, falcoHere: falco.first, ...beside },
      { what: `  after ${COUNTS.untilWarm}`, samples: agent.warm, falcoHere: falco.warm, ...beside },
    ];
  },
};
