// Evaluation of an event by 10 rules up to 2,000.

import type { Session } from '../figure.ts';
import { recordRounds } from '../recording.ts';
import { FALCO_BY_RULES } from '../rule-count.ts';
import { mixedRuleSet } from '../rule-sets.ts';
import type { Curve, Point } from './curve.ts';

export async function rulesCurve({ quick, progress }: Session): Promise<Curve> {
  const points: Point[] = [];
  for (const [count, falco] of FALCO_BY_RULES) {
    progress(`${count} rules`);
    const rounds = await recordRounds(await mixedRuleSet(count), quick ? 2 : 5);
    points.push({ x: count, samples: rounds.map(({ evaluation, events }) => evaluation / events), falco });
  }
  return { what: 'evaluation an event', cause: 'rules', unit: 'ns', points };
}
