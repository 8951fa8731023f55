// What more rules cost: the same events of a real workload, evaluated with 10 rules up to 2,000.

import { FALCO } from './falco-figures.ts';
import type { Benchmark, Figure, Session } from './figure.ts';
import { type RecordingResult, recordRounds } from './recording.ts';
import { mixedRuleSet } from './rule-sets.ts';
import { median } from './statistics.ts';

const { eventNsByRules } = FALCO;

/** What any number of rules may cost, as a multiple of what the first of the curve do. */
const MOST_TIMES = 3;

export interface MeasuredCount {
  readonly count: number;
  /** ns an event. */
  readonly falco: number;
  readonly rounds: readonly RecordingResult[];
}

/** The same events by each number of rules. */
export async function* measureCounts({ quick, progress }: Session): AsyncGenerator<MeasuredCount> {
  for (const [count, falco] of eventNsByRules) {
    progress(`${count} rules`);
    yield { count, falco, rounds: await recordRounds(await mixedRuleSet(count), quick ? 2 : 5) };
  }
}

/** ns of each round. */
export function evaluationOf({ rounds }: MeasuredCount): number[] {
  return rounds.map(({ evaluation, events }) => evaluation / events);
}

export const RULE_COUNT: Benchmark = {
  name: 'rules',
  summary: 'what the number of rules costs (path prefixes, process names, directories, command-line substrings)',
  async run(session) {
    const figures: Figure[] = [];
    let fewest: number | undefined;
    for await (const measured of measureCounts(session)) {
      const { count, falco, rounds } = measured;
      const samples = evaluationOf(measured);
      fewest ??= median(samples);
      const times = (median(samples) / fewest).toFixed(1);
      figures.push({
        what: `evaluation an event, ${count.toLocaleString('en')} rules`,
        unit: 'ns',
        samples,
        falco,
        ...(count === eventNsByRules[0][0] ? {} : { aim: MOST_TIMES * fewest }),
        note: `${times} times that of ${eventNsByRules[0][0]}; ${rounds[0]?.matches ?? 0} matches`,
      });
      figures.push({
        what: '  candidates a process image',
        unit: 'ns',
        samples: rounds.map(({ candidates, images }) => candidates / images),
      });
    }
    return figures;
  },
};
