// From the start of the process to the first event that it has captured; the rules are compiled already.

import { AgentProcess } from './agent-process.ts';
import type { Benchmark } from './figure.ts';
import { measuredRuleSets } from './rule-sets.ts';

/** The first captured event is one of these reads: their distance bounds the error. */
const READS_A_SECOND = 500;

interface Times {
  /** Until the first captured event, from the start of the process. */
  readonly event: number;
  readonly line: number;
  /** From SIGINT to its end. */
  readonly stop: number;
}

export const STARTUP: Benchmark = {
  name: 'startup',
  summary: 'time from the start of the agent to its first captured event, and from SIGINT to its end',
  async run(session) {
    const rounds = session.quick ? 2 : 9;
    const sets = await measuredRuleSets();
    const times = sets.map((): Times[] => []);
    for (let round = 1; round <= rounds; round++) {
      session.progress(`start ${round} of ${rounds}`);
      for (const [index, { paths }] of sets.entries()) {
        times[index]?.push(await measure(paths, session.run));
      }
    }
    return sets.flatMap(({ name }, index) => [
      {
        what: `start to first captured event, ${name}`,
        unit: 'ms' as const,
        samples: times[index]?.map(({ event }) => event) ?? [],
        aim: 500,
        falco: 1400,
      },
      {
        what: '  to the line of its alert',
        unit: 'ms' as const,
        samples: times[index]?.map(({ line }) => line) ?? [],
      },
      { what: '  from SIGINT to its end', unit: 'ms' as const, samples: times[index]?.map(({ stop }) => stop) ?? [] },
    ]);
  },
};

/** All in ms. */
async function measure(rules: readonly string[], run: readonly string[]): Promise<Times> {
  const wall = performance.timeOrigin + performance.now();
  const monotonic = process.hrtime.bigint();
  const agent = new AgentProcess({ rules, run });
  try {
    const { time, arrived } = await agent.firstAlert(READS_A_SECOND);
    const asked = performance.now();
    await agent.stop();
    return {
      event: Number(time) / 1e6 - wall,
      line: Number(arrived - monotonic) / 1e6,
      stop: performance.now() - asked,
    };
  } finally {
    await agent.stop();
  }
}
