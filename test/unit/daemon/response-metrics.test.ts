// What came of responses, as metrics.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from '../../../host/daemon/metrics/exposition.ts';
import { responseMetrics } from '../../../host/daemon/metrics/response-metrics.ts';
import type { LedgerEntry } from '../../../host/responses/ledger-entry.ts';

test('each outcome of each response is counted, and what is in force is there by its action', () => {
  const entry = (id: string, action: LedgerEntry['action']): LedgerEntry => ({
    ...{ id, action, phase: 'in-force', response: 'r', container: id, containerName: '', pod: '', time: 0 },
    ...{ boot: '', kept: {} },
  });
  const entries = [entry('a', 'pause_container'), entry('b', 'pause_container'), entry('c', 'isolate_container')];
  const metrics = responseMetrics({
    mode: 'act',
    responses: 2,
    outcomes: [
      { response: 'freeze "it"', action: 'pause_container', outcome: 'done', count: 2 },
      { response: 'freeze "it"', action: 'pause_container', outcome: 'limit', count: 998 },
    ],
    inForce: { entries, undone: 3, undoFailures: 1, unwritten: 4 },
  });
  const lines = exposition(metrics).split('\n');
  const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.deepEqual(samples, [
    'wasprey_responses_total{response="freeze \\"it\\"",action="pause_container",outcome="done"} 2',
    'wasprey_responses_total{response="freeze \\"it\\"",action="pause_container",outcome="limit"} 998',
    'wasprey_responses_in_force{action="pause_container"} 2',
    'wasprey_responses_in_force{action="isolate_container"} 1',
    'wasprey_responses_undone_total 3',
    'wasprey_responses_undo_failures_total 1',
    'wasprey_responses_unwritten_total 4',
  ]);
});
