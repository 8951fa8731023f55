// wasprey generate --verify while the agent has set rules aside: an action is performed again when they are evaluated.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { AlertDesk } from '../../../host/agent/alerts/alert-desk.ts';
import { ModuleAbsences } from '../../../host/agent/rules/module-absences.ts';
import { valueText } from '../../../host/fields/text.ts';
import { decode } from '../../../host/fields/value.ts';
import type { Action } from '../../../host/generate/actions/action.ts';
import { AlertWatch } from '../../../host/generate/alert-watch.ts';
import { EvaluationWatch } from '../../../host/generate/evaluation-watch.ts';
import { type Place, thisPlace } from '../../../host/generate/place.ts';
import { type ActionResult, performActions } from '../../../host/generate/session.ts';
import { actProgram } from '../../support/live/live-act.ts';

before(() => actProgram());

const ACTION: Action = {
  name: 'harmless',
  description: 'does nothing',
  where: 'any',
  rules: ['A'],
  steps: () => [['getppid']],
};

const SLOW = { generation: 0, module: 'a.wasm and b.wasm', failure: 'too-slow', reason: 'it is slow' } as const;
const NEVER_AGAIN = { ...SLOW, failure: 'trap', reason: 'unreachable' } as const;
const NOT_STOPPED = new AbortController().signal;

/** What an agent reports when it sets its rules aside and takes them back. */
function agentSeenBy(take: (rule: string, fields: ReadonlyMap<string, string>) => void): ModuleAbsences {
  const internal: AlertDesk['internal'] = (rule, _priority, _message, fields = []) =>
    take(rule, new Map(fields.map(({ key, value }) => [key, value ? decode(valueText(value)) : assert.fail(key)])));
  return new ModuleAbsences({ internal }, () => {});
}

interface Run {
  readonly result: ActionResult;
  /** How often the action was performed. */
  readonly times: number;
  readonly again: number;
}

/** @param onPerformed called when act has started; `alert` is the rule's alert */
async function verify(
  onPerformed: (times: number, agent: ModuleAbsences, alert: () => void) => void,
  timeoutMs = 50,
): Promise<Run> {
  const watch = new AlertWatch();
  const agent = agentSeenBy((rule, fields) => watch.take({ rule, fields, text: '' }));
  const host = thisPlace('host');
  let times = 0;
  const place: Place = {
    ...host,
    start(steps) {
      const marker = steps.find(([name]) => name === '@mark')?.[1];
      if (marker !== undefined) {
        onPerformed(++times, agent, () => watch.take({ rule: 'A', fields: new Map(), text: String(marker) }));
      }
      return host.start(steps);
    },
  };
  let again = 0;
  const results: ActionResult[] = [];
  await performActions([ACTION], {
    place,
    verification: { watch, rules: new Set(['A']), timeoutMs },
    signal: NOT_STOPPED,
    onBegin: () => {},
    onAgain: () => again++,
    onResult: (_action, result) => results.push(result),
  });
  assert.equal(results.length, 1);
  return { result: results[0] ?? assert.fail(), times, again };
}

describe('an action that is performed while rules are set aside', () => {
  test('is performed again once they are evaluated', async () => {
    let isEvaluated = true;
    const run = await verify((times, agent, alert) => {
      assert.ok(isEvaluated, 'it was performed while its rule was not evaluated');
      if (times > 1) return alert();
      agent.begin({ ...SLOW, pauseMs: 5_000 });
      isEvaluated = false;
      setTimeout(() => {
        isEvaluated = true;
        agent.end(0, SLOW.module);
      }, 200);
    });
    assert.deepEqual(run, { result: { kind: 'verified', rules: ['A'] }, times: 2, again: 1 });
  });

  test('also if they are evaluated again before its time is over', async () => {
    const run = await verify((times, agent, alert) => {
      if (times > 1) return alert();
      agent.begin({ ...SLOW, pauseMs: 5_000 });
      agent.end(0, SLOW.module);
    });
    assert.deepEqual(run, { result: { kind: 'verified', rules: ['A'] }, times: 2, again: 1 });
  });

  test('is not called missing if they are set aside each time', async () => {
    const run = await verify((_times, agent) => {
      agent.begin({ ...SLOW, pauseMs: 5_000 });
      agent.end(0, SLOW.module);
    });
    assert.deepEqual(run, { result: { kind: 'not evaluated', rules: ['A'] }, times: 3, again: 2 });
  });

  test('is not performed again if they are set aside for good', async () => {
    const run = await verify((_times, agent) => agent.begin(NEVER_AGAIN));
    assert.deepEqual(run, { result: { kind: 'not evaluated', rules: ['A'] }, times: 1, again: 0 });
  });

  test('is verified if its alert comes all the same', async () => {
    const run = await verify((_times, agent, alert) => {
      agent.begin(NEVER_AGAIN);
      alert();
    });
    assert.deepEqual(run, { result: { kind: 'verified', rules: ['A'] }, times: 1, again: 0 });
  });
});

test('an alert that does not come while all rules are evaluated is missing', async () => {
  const { result, times } = await verify(() => {});
  assert.deepEqual([result.kind, times], ['missing', 1]);
});

test('rules that are not evaluated again are not waited for without end', async () => {
  const evaluation = new EvaluationWatch();
  const agent = agentSeenBy((rule, fields) => evaluation.take(rule, fields));
  await evaluation.returned(60_000, NOT_STOPPED);
  agent.begin({ ...SLOW, pauseMs: 3_600_000 });
  const began = performance.now();
  await evaluation.returned(30, NOT_STOPPED);
  assert.ok(performance.now() - began >= 29);
  assert.deepEqual([evaluation.isPartial, evaluation.returns], [true, true]);
  // Its time is over.
  await evaluation.returned(30, NOT_STOPPED);

  agent.begin(NEVER_AGAIN);
  await evaluation.returned(60_000, NOT_STOPPED);
  assert.deepEqual([evaluation.isPartial, evaluation.returns], [true, false]);

  agent.begin({ ...SLOW, pauseMs: 5_000 });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 10);
  await evaluation.returned(60_000, stop.signal);
});
