// The metrics of an agent, as its web server gives them.

import type { Summary } from '../../agent/summary.ts';
import { programMetrics } from './engine-metrics.ts';
import { exposition, gauge, type Metric } from './exposition.ts';
import type { AgentFacts, MetricChoice } from './facts.ts';
import { falcoMetrics } from './falco-metrics.ts';
import { ownMetrics } from './own-metrics.ts';
import { readResources } from './resources.ts';

/** @param summary undefined while nothing is captured yet */
export function metricsText(facts: AgentFacts, choice: MetricChoice, summary: Summary | undefined): string {
  const capturing = gauge('wasprey_capturing', 'Whether events are captured.', summary ? 1 : 0);
  return exposition([capturing, ...(summary ? metricsOf(facts, choice, summary) : [])]);
}

function metricsOf(facts: AgentFacts, choice: MetricChoice, summary: Summary): Metric[] {
  const programs = choice.programs && summary.engine ? programMetrics(summary.engine.capture) : [];
  const resources = choice.resources ? readResources() : undefined;
  return [...falcoMetrics(facts, summary, choice, resources), ...ownMetrics(summary), ...programs];
}
