// What an agent reports of failed captures: each may come with an alert, and alerts may be many.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AlertDesk } from '../../../host/agent/alerts/alert-desk.ts';
import { NodeCaptures } from '../../../host/agent/journal/node-captures.ts';

it('failures of captures are reported once a minute, with the number of those before', (test) => {
  let now = 1_000_000;
  test.mock.method(performance, 'now', () => now);
  const reports: string[] = [];
  const alerts: string[] = [];
  const desk = { internal: (_rule: string, _priority: string, message: string) => alerts.push(message) };
  const captures = new NodeCaptures(undefined, {
    engine: () => undefined,
    // Nothing else of it is called.
    desk: () => desk as unknown as AlertDesk,
    before: () => Promise.resolve({ segments: [] }),
    machine: 'node',
    leftOut: new Set(),
    onTrouble: (message) => reports.push(message),
  });
  for (const failure of ['first', 'second', 'third']) captures.failed(failure);
  now += 60_001;
  captures.failed('fourth');
  assert.deepEqual(reports, ['first', 'fourth (2 other failures before it)']);
  assert.deepEqual(
    alerts,
    reports.map((message) => `Wasprey internal: capture failure: ${message}`),
  );
});
