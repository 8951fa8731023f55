// Responses as metrics.

import type { ResponsesSummary } from '../../agent/responses/node-responses.ts';
import { counter, gauge, type Metric } from './exposition.ts';

export function responseMetrics({ outcomes, inForce }: ResponsesSummary): Metric[] {
  const { entries = [], undone = 0, undoFailures = 0, unwritten = 0 } = inForce ?? {};
  const byAction = new Map<string, number>();
  for (const { action } of entries) byAction.set(action, (byAction.get(action) ?? 0) + 1);
  const performed = outcomes.map(({ response, action, outcome, count }) => ({
    labels: { response, action, outcome },
    value: count,
  }));
  const kept = [...byAction].map(([action, value]) => ({ labels: { action }, value }));
  return [
    counter('wasprey_responses_total', 'Responses to alerts, by result.', performed),
    gauge('wasprey_responses_in_force', 'Active responses that can be undone.', kept),
    counter('wasprey_responses_undone_total', 'Responses undone.', undone),
    counter('wasprey_responses_undo_failures_total', 'Failed attempts to undo a response.', undoFailures),
    counter('wasprey_responses_unwritten_total', 'Failed writes to the ledger of responses.', unwritten),
  ];
}
