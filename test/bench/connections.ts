// CPU time of the agent for a connection on the loopback: a connect, an accept and two closes.

import { callBenchmark } from './cpu-per-call.ts';
import { FALCO } from './falco-figures.ts';

export const CONNECTIONS = callBenchmark({
  name: 'connections',
  summary: 'CPU time of the agent for a connection',
  what: 'a connection',
  workload: 'connect',
  atOnce: 20_000,
  untilWarm: 60_000,
  aim: 1_000,
  falco: FALCO.connectionNs,
});
