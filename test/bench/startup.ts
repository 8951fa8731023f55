// From the start of the process to the first event that it has captured; the rules are compiled already.

import { type Side, sides } from './falco.ts';
import type { Benchmark, Figure } from './figure.ts';
import { measuredRuleSets } from './rule-sets.ts';

/** The first captured event is one of these reads: their distance bounds the error. */
const READS_A_SECOND = 500;

interface Delays {
  /** Until the first captured event, from the start of the process. */
  readonly event: number;
  readonly line: number;
  /** From SIGINT to its end. */
  readonly stop: number;
}

interface Times extends Delays {
  readonly rules: string;
  readonly is: Side['is'];
}

export const STARTUP: Benchmark = {
  name: 'startup',
  summary: 'time from the start of the agent to its first captured event, and from SIGINT to its end',
  async run(session) {
    const rounds = session.quick ? 2 : 9;
    const sets = await measuredRuleSets();
    const times: Times[] = [];
    for (let round = 1; round <= rounds; round++) {
      session.progress(`start ${round} of ${rounds}`);
      for (const { name, paths } of sets) {
        for (const side of sides(session)) times.push({ rules: name, is: side.is, ...(await measure(side, paths)) });
      }
    }
    return sets.flatMap(({ name }): Figure[] => {
      const of = (is: Side['is'], what: keyof Delays): number[] =>
        times.filter((each) => each.rules === name && each.is === is).map((each) => each[what]);
      const figure = (what: string, which: keyof Delays): Figure => ({
        what,
        unit: 'ms',
        samples: of('agent', which),
        falcoHere: of('falco', which),
      });
      return [
        { ...figure(`start to first captured event, ${name}`, 'event'), aim: 500, falco: 1400 },
        figure('  to the line of its alert', 'line'),
        figure('  from SIGINT to its end', 'stop'),
      ];
    });
  },
};

/** All in ms. */
async function measure(side: Side, rules: readonly string[]): Promise<Delays> {
  const wall = performance.timeOrigin + performance.now();
  const monotonic = process.hrtime.bigint();
  const agent = side.spawn(rules);
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
