// From the start of the process to the first event that it has captured; the rules are compiled already.

import { AgentProcess } from './agent-process.ts';
import type { Benchmark } from './figure.ts';
import { measuredRuleSets } from './rule-sets.ts';

/** The first captured event is one of these reads: their distance bounds the error. */
const READS_A_SECOND = 500;

export const STARTUP: Benchmark = {
  name: 'startup',
  summary: 'time from the start of the agent to its first captured event',
  async run(session) {
    const rounds = session.quick ? 2 : 9;
    const sets = await measuredRuleSets();
    const times = sets.map((): { event: number[]; line: number[] } => ({ event: [], line: [] }));
    for (let round = 1; round <= rounds; round++) {
      session.progress(`start ${round} of ${rounds}`);
      for (const [index, { paths }] of sets.entries()) {
        const { event, line } = await measure(paths, session.run);
        times[index]?.event.push(event);
        times[index]?.line.push(line);
      }
    }
    return sets.flatMap(({ name }, index) => [
      {
        what: `start to first captured event, ${name}`,
        unit: 'ms' as const,
        samples: times[index]?.event ?? [],
        aim: 500,
        falco: 1400,
      },
      { what: '  to the line of its alert', unit: 'ms' as const, samples: times[index]?.line ?? [] },
    ]);
  },
};

/** Both in ms after the start. */
async function measure(rules: readonly string[], run: readonly string[]): Promise<{ event: number; line: number }> {
  const wall = performance.timeOrigin + performance.now();
  const monotonic = process.hrtime.bigint();
  const agent = new AgentProcess({ rules, run });
  try {
    const { time, arrived } = await agent.firstAlert(READS_A_SECOND);
    return { event: Number(time) / 1e6 - wall, line: Number(arrived - monotonic) / 1e6 };
  } finally {
    await agent.stop();
  }
}
