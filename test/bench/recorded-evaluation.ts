// What evaluating an event costs, rules and nothing else: on the events of a real workload, in place.

import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import type { Benchmark, Figure } from './figure.ts';
import { type RecordingResult, recordRounds } from './recording.ts';
import { allStockRules, ownRules, type RuleSet, stockRules, WITHOUT_STOCK_RULES } from './rule-sets.ts';
import { median } from './statistics.ts';

export const RECORDED_EVALUATION: Benchmark = {
  name: 'evaluation',
  summary: 'evaluating the events of a real workload (shell scripts, compiler, packages), in place',
  async run({ quick, progress }) {
    const figures: Figure[] = [];
    const stock = WITHOUT_STOCK_RULES ? [] : [await allStockRules(), await stockRules()];
    for (const rules of [...stock, await ownRules()]) {
      progress(rules.name);
      figures.push(...(await measure(rules, quick ? 2 : 5)));
    }
    return figures;
  },
};

async function measure(rules: RuleSet, rounds: number): Promise<Figure[]> {
  const results = await recordRounds(rules, rounds);
  const each = (part: (result: RecordingResult) => number): number[] => results.map(part);
  return [
    {
      what: `evaluation an event, ${rules.name}`,
      unit: 'ns',
      samples: each(({ evaluation, events }) => evaluation / events),
      aim: 30,
      note: describe(results),
    },
    {
      what: '  completion an event (poll)',
      unit: 'ns',
      samples: each(({ completion, events }) => completion / events),
    },
    {
      what: '  candidates a process image',
      unit: 'ns',
      samples: each(({ candidates, images }) => candidates / images),
      aim: 15_000,
    },
  ];
}

/** What the events were. */
function describe(results: readonly RecordingResult[]): string {
  const middle = (part: (result: RecordingResult) => number): string => median(results.map(part)).toFixed(0);
  const last = results.at(-1);
  const shares = [...(last?.types ?? [])]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([number, count]) => `${nameOf(number)} ${Math.round((count / (last?.events ?? 1)) * 100)} %`);
  return [
    `${middle(({ events }) => events)} events (${shares.join(', ')})`,
    `${middle(({ batches }) => batches)} batches`,
    `${middle(({ images }) => images)} images`,
    `${middle(({ matches }) => matches)} matches`,
  ].join(', ');
}

function nameOf(number: number): string {
  return EVENT_TYPES.find((type) => type.number === number)?.name ?? `type ${number}`;
}
