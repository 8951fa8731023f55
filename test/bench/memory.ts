// Memory of the agent's process after its start and after a load of events and processes.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure } from './figure.ts';
import { runLoad } from './load.ts';
import type { MemoryUse } from './measured-process.ts';
import { measuredRules } from './rule-sets.ts';
import { median } from './statistics.ts';

/** The agent gives back what its start took a second after it (host/agent/memory-trim.ts). */
const SETTLED_MS = 3000;

export const MEMORY: Benchmark = {
  name: 'memory',
  summary: 'RSS and private memory of the agent after its start and after load',
  async run(session) {
    const { paths } = await measuredRules();
    const uses: Use[] = [];
    for (let round = 0; round < (session.quick ? 1 : 3); round++) {
      session.progress(`start ${round + 1}`);
      for (const side of sides(session)) {
        const process = await side.spawn(paths).begun();
        try {
          await sleep(SETTLED_MS);
          const fresh = process.memory();
          await Promise.all([runLoad('open', { seconds: 4 }), runLoad('exec', { seconds: 4 })]);
          await process.settled();
          await sleep(1000);
          uses.push({ side, fresh, loaded: process.memory() });
        } finally {
          await process.stop();
        }
      }
    }
    const { rss, private: own } = FALCO.memoryMb;
    const load = 'openat and exec as fast as can be';
    return [
      figureOf('RSS after the start', 'rss', 'fresh', { aim: 90, falco: rss[0] }, uses),
      figureOf('  private memory of it', 'anonymous', 'fresh', { aim: 35, falco: own[0] }, uses),
      figureOf(`RSS after ${load}`, 'rss', 'loaded', { aim: 95, falco: rss[1] }, uses),
      figureOf('  private memory of it', 'anonymous', 'loaded', { aim: 40, falco: own[1] }, uses),
    ];
  },
};

interface Use {
  readonly side: Side;
  readonly fresh: MemoryUse;
  readonly loaded: MemoryUse;
}

function figureOf(
  what: string,
  part: 'rss' | 'anonymous',
  when: 'fresh' | 'loaded',
  beside: Pick<Figure, 'aim' | 'falco'>,
  uses: readonly Use[],
): Figure {
  const of = (is: Side['is']): MemoryUse[] => uses.filter(({ side }) => side.is === is).map((use) => use[when]);
  const own = of('agent');
  const middle = (name: keyof MemoryUse): string => megabytes(median(own.map((use) => use[name]))).toFixed(0);
  return {
    what,
    unit: 'MB',
    samples: own.map((use) => megabytes(use[part])),
    falcoHere: of('falco').map((use) => megabytes(use[part])),
    ...beside,
    ...(part === 'rss' && { note: `files ${middle('file')}, shared with the kernel ${middle('shared')}` }),
  };
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}
