// Evaluation of an event by 10 rules up to 2,000.

import type { Session } from '../figure.ts';
import { evaluationOf, measureCounts } from '../rule-count.ts';
import type { Curve, Point } from './curve.ts';

export async function rulesCurve(session: Session): Promise<Curve> {
  const points: Point[] = [];
  for await (const measured of measureCounts(session)) {
    points.push({ x: measured.count, samples: evaluationOf(measured), falco: measured.falco });
  }
  return { what: 'evaluation an event', cause: 'rules', unit: 'ns', points };
}
