// Memory of the agent's process after its start and after a load of events and processes.

import { setTimeout as sleep } from 'node:timers/promises';
import { AgentProcess, type MemoryUse } from './agent-process.ts';
import type { Benchmark, Figure } from './figure.ts';
import { runLoad } from './load.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

/** The agent gives back what its start took a second after it (host/agent/memory-trim.ts). */
const SETTLED_MS = 3000;

export const MEMORY: Benchmark = {
  name: 'memory',
  summary: 'RSS of the agent after its start and after load',
  async run(session) {
    const { paths } = await measuredRules();
    const fresh: MemoryUse[] = [];
    const loaded: MemoryUse[] = [];
    for (let round = 0; round < (session.quick ? 1 : 3); round++) {
      session.progress(`start ${round + 1}`);
      const agent = await AgentProcess.start({ rules: paths, run: session.run });
      try {
        await sleep(SETTLED_MS);
        fresh.push(agent.memory());
        await Promise.all([runLoad('open', { seconds: 4 }), runLoad('exec', { seconds: 4 })]);
        await agent.drained();
        await sleep(1000);
        loaded.push(agent.memory());
      } finally {
        await agent.stop();
      }
    }
    return [figureOf('RSS after the start', fresh), figureOf('RSS after openat and exec as fast as can be', loaded)];
  },
};

function figureOf(what: string, uses: readonly MemoryUse[]): Figure {
  const middle = (part: keyof MemoryUse): string => megabytes(median(uses.map((use) => use[part]))).toFixed(0);
  return {
    what,
    unit: 'MB',
    samples: uses.map(({ rss }) => megabytes(rss)),
    aim: 110,
    falco: 76,
    note: `private ${middle('anonymous')}, files ${middle('file')}, shared with the kernel ${middle('shared')}`,
  };
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}
