// Matches that did not count before it was known whose session they are of: they are counted, and reported.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionCondition } from '../../../host/agent/sessions/session-condition.ts';
import { type KnownSessions, SessionDecision } from '../../../host/agent/sessions/session-decision.ts';
import type { Match } from '../../../host/engine/messages/match.ts';
import { LiveSessions } from '../../../host/sessions/live-sessions.ts';
import { moduleConditions } from '../../../host/verdicts/load-conditions.ts';

const NOW = Date.parse('2026-11-28T00:00:00Z');
const SESSION = { key: '7 1', pid: 7, start: BigInt(NOW - 60_000) * 1_000_000n, container: 'c' };
const POD = { namespace: 'shop', pod: 'web-0', name: 'web', started: BigInt(NOW - 3_600_000) * 1_000_000n };

function sessions(place: typeof POD | 'unknown' | undefined): KnownSessions {
  const known = new LiveSessions({ host: 'node', patienceMs: 5_000, now: () => NOW, place: () => place });
  known.begin([SESSION]);
  return known;
}

/** @returns whether it counts, and how many are undecided */
function decided(known: KnownSessions, condition: string): [boolean, number] {
  const reported: string[] = [];
  const decision = new SessionDecision(known, (_rule, _priority, message) => reported.push(message));
  const match: Match = { generation: 0, module: 0, rule: 0, time: 0n, values: [], sessions: [SESSION] };
  const found = decision.first([
    { match, plan: 'plan', condition: new SessionCondition(moduleConditions().read(condition, 'session')) },
  ]);
  assert.equal(reported.length, decision.undecided);
  return [found !== undefined, decision.undecided];
}

test('where the runtime does not say in which pod a session is, what does not count is undecided', () => {
  for (const condition of ['k8s.session.match = none', 'k8s.session.id exists']) {
    assert.deepEqual(decided(sessions('unknown'), condition), [false, 1]);
    assert.deepEqual(decided(sessions(POD), condition), [true, 0]);
    // Of a container in no pod.
    assert.deepEqual(decided(sessions(undefined), condition), [false, 0]);
  }
  assert.deepEqual(decided(sessions(POD), 'k8s.user.name = alice'), [false, 0]);
  assert.deepEqual(decided(sessions('unknown'), 'not k8s.user.name = alice'), [true, 0]);
});
