// Rules with conditions on whose session it is: decided when that is settled, exactly as if it had been known before.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { ExecNode, PLAIN, type Proc, WEB } from '../../support/audit/exec-node.ts';
import { moduleOf } from '../../support/records/built-agent.ts';
import { until } from '../../support/until.ts';

/** In their order, which counts. */
const RULES = `
- rule: By alice
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow and k8s.user.name = alice
  output: "%proc.pid alice"
  priority: WARNING
- rule: By a person
  desc: d
  condition: evt.type = openat and k8s.session.id exists and k8s.user.name exists and not k8s.user.name startswith system
  output: "%proc.pid person %k8s.user.name"
  priority: WARNING
- rule: By nobody who is known
  desc: d
  condition: evt.type = openat and k8s.session.match in (ambiguous, none)
  output: "%proc.pid unknown"
  priority: WARNING
- rule: By anything else
  desc: d
  condition: evt.type = openat
  output: "%proc.pid other"
  priority: WARNING
  exceptions:
    - name: robots
      fields: [proc.name, k8s.user.name]
      comps: [=, =]
      values:
        - [test, system:robot]
`;

let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

/** Names of the alerts by process, once there are so many. */
async function alertsOf(node: ExecNode, count: number): Promise<(proc: Proc) => readonly string[]> {
  const lines = await node.lines(count);
  assert.equal(lines.length, count);
  return ({ pid }) => lines.flatMap((line) => line.match(new RegExp(` ${pid} (\\w+)`))?.[1] ?? []);
}

test('the first rule that holds counts, and none is decided before the user is settled', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  const [alice, bob, unknown] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'id\0'), node.exec(WEB, 'ls\0')];
  const robot = node.exec(WEB, 'curl\0');
  const host = node.fork(undefined);
  const docker = node.exec(PLAIN, 'sh\0');
  for (const proc of [alice, bob, unknown, robot, host, docker]) node.read(proc);
  // The audit events come after the matches.
  node.request('alice', ['sh']);
  node.request('bob', ['id']);
  node.request('system:robot', ['curl']);
  const of = await alertsOf(node, 5);
  assert.deepEqual([alice, bob, unknown, robot, host, docker].map(of), [
    ['alice'],
    ['person'],
    ['unknown'],
    [],
    ['other'],
    ['other'],
  ]);
  assert.equal(node.agent.summary().alerts.undecidedForUser, 0);
});

test('all rules that hold count, each once, with rule_matching: all', async () => {
  await using node = await ExecNode.start({ modules: [module], ruleMatching: 'all' });
  const [alice, bob] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'id\0')];
  const host = node.fork(undefined);
  for (const proc of [alice, bob, host]) node.read(proc);
  node.request('alice', ['sh']);
  node.request('bob', ['id']);
  const of = await alertsOf(node, 6);
  const sorted = (proc: Proc) => of(proc).toSorted();
  assert.deepEqual([alice, bob, host].map(sorted), [['alice', 'other', 'person'], ['other', 'person'], ['other']]);
});

test('rules of a later module count if none of an earlier one holds', async () => {
  const only = RULES.slice(0, RULES.indexOf('- rule: By a person'));
  const modules = [
    await moduleOf(only, 'first'),
    await moduleOf(RULES.slice(RULES.indexOf('- rule: By any')), 'second'),
  ];
  await using node = await ExecNode.start({ modules });
  const [alice, bob] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'id\0')];
  node.request('alice', ['sh']);
  node.request('bob', ['id']);
  for (const proc of [alice, bob]) node.read(proc);
  const of = await alertsOf(node, 2);
  assert.deepEqual([alice, bob].map(of), [['alice'], ['other']]);
});

test('where it is not settled whose session it is, no name holds, and that is reported', async () => {
  const only = RULES.slice(0, RULES.indexOf('- rule: By a person'));
  await using node = await ExecNode.start({ modules: [await moduleOf(only)], wait: 600_000 });
  node.request('alice', ['sh']);
  node.read(node.exec(WEB, 'sh\0'));
  await until(() => node.agent.summary().alerts.heldForUser === 1);
  await node.agent.stop();
  const [line = ''] = await node.lines(1);
  assert.match(line, /session conditions undecided.*whose session they are of: 1\./);
  assert.equal(node.agent.summary().alerts.undecidedForUser, 1);
});

test('without a source of requests the fields are absent, and nothing waits', async () => {
  await using node = await ExecNode.start({ modules: [module], isOn: false });
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  const of = await alertsOf(node, 1);
  assert.deepEqual(of(shell), ['other']);
  assert.equal(node.agent.summary().alerts.heldForUser, 0);
});
