// Conditions on the exec session see what users and their clients call themselves. Whatever that is, they come to a verdict.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionCondition } from '../../../host/agent/sessions/session-condition.ts';
import type { SessionFacts } from '../../../host/sessions/live-sessions.ts';
import type { PodRequest } from '../../../host/sessions/pod-request.ts';
import { moduleConditions } from '../../../host/verdicts/load-conditions.ts';

function sessionOf(name: string, userAgent: string): SessionFacts {
  const user = { name, groups: [] };
  const request: PodRequest = {
    ...{ entry: 'exec', verb: 'get', user, namespace: 'shop', pod: 'web-0' },
    ...{ addresses: [], userAgent, received: 0n, isRefused: false },
  };
  return { id: 's', match: { match: 'exact', user, requests: [request] } };
}

/** Automata of these have too many states. */
const LONG = 'x'.repeat(256);
const WILD = `*a${'?'.repeat(40)}`;

test('what a client calls itself is compared without automata, as constants are with them', () => {
  const holds = (condition: string, name: string, agent: string): boolean =>
    new SessionCondition(moduleConditions().read(condition, 'session')).holds(sessionOf(name, agent));
  for (const operator of ['glob', 'iglob', 'contains', 'icontains', 'startswith', 'endswith', '=']) {
    for (const agent of ['alice', 'al*', 'AL?CE', 'b', 'a', '[', '*']) {
      const [pair, constant] = ['val(k8s.session.agent)', `"${agent}"`].map((right) =>
        holds(`k8s.user.name ${operator} ${right}`, 'alice', agent),
      );
      assert.equal(pair, constant, `alice ${operator} ${agent}`);
    }
  }
  const ordered = ['<', '<=', '>', '>='].map((operator) =>
    ['alicd', 'alice', 'alicf'].map((agent) =>
      holds(`k8s.user.name ${operator} val(k8s.session.agent)`, 'alice', agent),
    ),
  );
  assert.deepEqual(ordered, [
    [false, false, true],
    [false, true, true],
    [true, false, false],
    [true, true, false],
  ]);
  assert.ok(holds('k8s.user.name glob val(k8s.session.agent)', `a${'x'.repeat(40)}`, WILD));
  assert.ok(holds('k8s.user.name < val(k8s.session.agent)', LONG.slice(1), LONG));
});
