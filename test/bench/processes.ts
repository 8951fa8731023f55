// CPU time of the agent for a process that comes and goes: a vfork, an exec and an exit.

import { callBenchmark } from './cpu-per-call.ts';
import { FALCO } from './falco-figures.ts';

export const PROCESSES = callBenchmark({
  name: 'processes',
  summary: 'CPU time of the agent for a process that comes and goes',
  what: 'a process',
  workload: 'exec',
  atOnce: 2_000,
  untilWarm: 8_000,
  aim: 15_000,
  falco: FALCO.processNs,
});
