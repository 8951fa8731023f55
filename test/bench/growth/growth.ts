// How what the agent costs grows: with rules, processes and containers that are there, processors, events and alerts.

import type { Benchmark } from '../figure.ts';
import { alertsCurve, eventsCurves } from './activity.ts';
import { curveFigures } from './curve.ts';
import { containersCurves, processesCurves } from './inhabitants.ts';
import { processorsCurves } from './processors.ts';
import { rulesCurve } from './rules.ts';

export const GROWTH: Benchmark = {
  name: 'growth',
  summary:
    'how cost grows with rules, processes, containers, processors, events and alerts (power 1: as fast as its cause)',
  // The only aims are those of powers: nothing grows faster than its cause.
  areBounds: true,
  async run(session) {
    const curves = [
      await rulesCurve(session),
      ...(await processesCurves(session)),
      ...(await containersCurves(session)),
      ...(await processorsCurves(session)),
      ...(await eventsCurves(session)),
      await alertsCurve(session),
    ];
    return curves.flatMap(curveFigures);
  },
};
