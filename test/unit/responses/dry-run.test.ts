// Rails and limits on alerts of the past, in recorded time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../../../host/responses/action.ts';
import { DryRun } from '../../../host/responses/dry-run.ts';
import { outcomeName } from '../../../host/responses/outcome-text.ts';
import type { Response, ResponseSettings } from '../../../host/responses/settings.ts';
import { responseOf } from '../../support/responses/response-sets.ts';

const SETTINGS: ResponseSettings = {
  mode: 'observe',
  perContainer: { count: 2, milliseconds: 60_000 },
  perNode: { count: 3, milliseconds: 600_000 },
  never: { namespaces: ['kube-system'], labels: new Map([['wasprey.io/responses', 'off']]), executables: ['backup'] },
  hosts: false,
  pinned: false,
  responses: [],
};

function targetOf(pid: number, given: Partial<Target> = {}): Target {
  return {
    pid,
    execTime: 1n,
    executable: '/bin/x',
    container: 'a'.repeat(64),
    containerName: 'web',
    labels: new Map(),
    pod: undefined,
    isIncomplete: false,
    ...given,
  };
}

const KILL = responseOf({ action: 'kill_process' });

/** What comes of these, one after the other. */
function outcomes(steps: readonly (readonly [response: Response, target: Target, seconds: number])[]): string[] {
  const dryRun = new DryRun(SETTINGS);
  return steps.map(([response, target, seconds]) => outcomeName(dryRun.perform(response, target, 1000 * seconds)));
}

test('limits hold for a container and for the node, and time gives room again', () => {
  const other = { container: 'b'.repeat(64) };
  assert.deepEqual(
    outcomes([
      [KILL, targetOf(1), 0],
      [KILL, targetOf(2), 1],
      [KILL, targetOf(3), 2],
      [KILL, targetOf(4, other), 3],
      [KILL, targetOf(5, other), 4],
      [KILL, targetOf(3), 61],
      [KILL, targetOf(3), 602],
    ]),
    ['observed', 'observed', 'limit', 'observed', 'limit', 'limit', 'observed'],
  );
});

test('what is in force is not done again, until it is undone', () => {
  const pause = responseOf({ undoAfterMs: 10_000 });
  assert.deepEqual(
    outcomes([
      [pause, targetOf(1), 0],
      [pause, targetOf(2), 9],
      [pause, targetOf(2), 10],
      [KILL, targetOf(1), 100],
      [KILL, targetOf(1), 5000],
      [KILL, targetOf(1, { execTime: 2n }), 5000],
    ]),
    ['observed', 'already', 'observed', 'observed', 'already', 'observed'],
  );
});

test('the rails are those of the agent', () => {
  const pod = { namespace: 'kube-system', name: 'p', uid: 'u', labels: new Map<string, string>() };
  assert.deepEqual(
    outcomes([
      [KILL, targetOf(7, { container: '' }), 0],
      [KILL, targetOf(1, { container: '', executable: '/opt/backup' }), 0],
      [KILL, targetOf(1, { labels: new Map([['wasprey.io/responses', 'off']]) }), 0],
      [KILL, targetOf(1, { pod }), 0],
      [KILL, targetOf(1, { isIncomplete: true }), 0],
      [responseOf(), targetOf(1, { container: '' }), 0],
      [responseOf({ action: 'delete_pod' }), targetOf(1), 0],
    ]),
    ['host', 'protected', 'protected', 'protected', 'incomplete', 'no-target', 'no-target'],
  );
});
