// Rules that read of sessions what the agent does not learn are named, once it is known of which kind.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { describeUnknownSessions } from '../../../host/agent/rules/unknown-sessions.ts';
import { moduleOf } from '../../support/records/built-agent.ts';

let module: RuleModule;
before(async () => {
  module = await moduleOf(
    ['k8s.user.name = alice', 'session.net = 10.0.0.0/8', 'session.kind = ssh']
      .map(
        (condition, index) =>
          `- {rule: R${index}, desc: d, condition: evt.type = openat and ${condition}, output: o, priority: INFO}\n`,
      )
      .join(''),
  );
});

test('of an agent on a node those on users, unless it learns of these', () => {
  assert.deepEqual(describeUnknownSessions([module], { isReplay: false, knowsUsers: true }), []);
  const [users = '', ...more] = describeUnknownSessions([module], { isReplay: false, knowsUsers: false });
  assert.match(users, /^fields of exec sessions .* are absent .* requests to enter pods come neither .*R0/);
  assert.doesNotMatch(users, /R1|R2/);
  assert.deepEqual(more, []);
});

test('of a replay also those on where a session came from', () => {
  const [users = '', peers = '', ...more] = describeUnknownSessions([module], { isReplay: true, knowsUsers: false });
  assert.match(users, /a recording does not have them: .*R0/);
  assert.match(
    peers,
    /^session\.source, session\.ip and session\.net are absent .* a recording does not have them: .*R1/,
  );
  assert.doesNotMatch(peers, /R0|R2/);
  assert.deepEqual(more, []);
});
