// From the start of the process to the first event that it has captured; the rules are compiled already.

import { type Side, sides } from './falco.ts';
import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure } from './figure.ts';
import { npmStart } from './npm-start.ts';
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

type Kind = Side['is'] | 'npm';

interface Times extends Delays {
  readonly rules: string;
  readonly is: Kind;
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
        const all: readonly Side<Kind>[] = [...sides(session), npmStart(session.run)];
        for (const side of all) times.push({ rules: name, is: side.is, ...(await measure(side, paths)) });
      }
    }
    return sets.flatMap(({ name }): Figure[] => {
      const of = (is: Kind, what: keyof Delays): number[] =>
        times.filter((each) => each.rules === name && each.is === is).map((each) => each[what]);
      const figure = (what: string, which: keyof Delays): Figure => ({
        what,
        unit: 'ms',
        samples: of('agent', which),
        falcoHere: of('falco', which),
      });
      return [
        { ...figure(`start to first captured event, ${name}`, 'event'), aim: 350, falco: FALCO.startMs },
        figure('  to the line of its alert', 'line'),
        figure('  from SIGINT to its end', 'stop'),
        { what: '  the first event, by `npm start`', unit: 'ms', samples: of('npm', 'event') },
      ];
    });
  },
};

/** All in ms. */
async function measure(side: Side<Kind>, rules: readonly string[]): Promise<Delays> {
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
