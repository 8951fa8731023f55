// Alerts name the Kubernetes user of the exec session that their process descends from: by forks, programs, and out of the container.

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { rootProcess, sessionId } from '../../../host/fields/session-id.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { ROOT_PID_NAMESPACE } from '../../../host/schema/image.ts';
import { ANSWERS, ExecNode, OTHER, PLAIN, said, WAIT, WEB, WEB_NAMESPACE } from '../../support/audit/exec-node.ts';
import { directoryForTests } from '../../support/directory.ts';
import { moduleOf } from '../../support/records/built-agent.ts';
import { until } from '../../support/until.ts';

const NAMES = FIELDS.filter(({ source }) => source.from === 'session').map(({ name }) => name);
const RULES = `
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read by %proc.pid ${NAMES.map((name) => `%${name}`).join(' ')}
  priority: WARNING
`;

const directory = directoryForTests();
let module: RuleModule;
before(async () => {
  module = await moduleOf(RULES);
});

test('an alert of an exec session has all that is known of who began it, once that is settled', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  // The audit event comes after it.
  node.request('alice', ['sh']);
  const [fields] = await node.alerts(shell);
  assert.ok(fields);
  assert.ok(BigInt(Date.now()) * 1_000_000n - shell.start >= BigInt(WAIT) * 1_000_000n);
  assert.deepEqual(Object.fromEntries(NAMES.map((name) => [name, fields[name]])), {
    'k8s.user.name': 'alice',
    'k8s.user.uid': null,
    'k8s.user.groups': ['system:authenticated'],
    'k8s.user.impersonated': null,
    'k8s.session.id': sessionId(hostname(), rootProcess(shell.pid, shell.start)),
    'k8s.session.match': 'exact',
    'k8s.session.candidates': null,
    'k8s.session.source': '203.0.113.9',
    'k8s.session.agent': 'kubectl/v1.20.0',
  });
  assert.equal(node.agent.summary().alerts.heldForUser, 1);
});

test('what descends from a session has its user: by forks, programs, orphans, and out of the container', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  const shell = node.exec(WEB, 'sh\0');
  node.request('alice', ['sh']);
  const child = node.fork(node.run(shell, 'bash\0'));
  // setsid, a double fork, and a parent that is gone.
  const orphan = node.fork(node.fork(child), { sid: 77 });
  const daemon = node.run(orphan, 'runc\0init\0', { executable: '/usr/bin/runc' });
  const grandchild = node.run(node.fork(daemon), 'cat\0');
  // nsenter into the host, whose cgroup it may take as well.
  const escaped = node.run(node.fork(child, { pid_namespace: ROOT_PID_NAMESPACE }), 'nsenter\0');
  const onHost = node.run(node.fork(escaped, { cgroup: '/' }), 'sh\0');
  const all = [shell, child, orphan, daemon, grandchild, escaped, onHost];
  for (const proc of all) node.read(proc);
  assert.deepEqual(
    (await node.alerts(...all)).map(said),
    all.map(() => 'exact alice'),
  );
});

test("a container's own program, a container without a pod and the host have no session", async () => {
  await using node = await ExecNode.start({ modules: [module] });
  node.request('alice', ['serve']);
  const shim = node.fork(undefined, { pid_namespace: ROOT_PID_NAMESPACE });
  const own = node.run(node.fork(shim, { cgroup: `/docker/${WEB}`, pid_namespace: WEB_NAMESPACE, vpid: 1 }), 'serve\0');
  const worker = node.fork(own, { vpid: 7 });
  const docker = node.exec(PLAIN, 'sh\0');
  for (const proc of [shim, own, worker, docker]) node.read(proc);
  const alerts = await node.alerts(shim, own, worker, docker);
  assert.deepEqual(alerts.map(said), ['', '', '', '']);
  assert.ok(alerts.every((fields) => fields['k8s.session.id'] === null));
});

test('two who ask for the same at the same time are both named, and none is if nothing is known', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  node.request('alice', ['sh']);
  node.request('bob', ['sh']);
  node.request('bob', ['id']);
  const [one, other, third] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'sh\0'), node.exec(WEB, 'id\0')];
  const unknown = node.exec(WEB, 'ls\0');
  const elsewhere = node.exec(OTHER, 'sh\0');
  const all = [one, other, third, unknown, elsewhere];
  for (const proc of all) node.read(proc);
  assert.deepEqual((await node.alerts(...all)).map(said), [
    'ambiguous alice bob',
    'ambiguous alice bob',
    'exact bob',
    'none',
    'none',
  ]);
});

test('a session that nobody is known to have begun counts, although no alert is of it', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  node.request('alice', ['sh']);
  const [one] = [node.exec(WEB, 'sh\0'), node.exec(WEB, 'sh\0')];
  node.read(one);
  assert.deepEqual((await node.alerts(one)).map(said), ['ambiguous alice']);
});

test('a session within a session, by a runtime that was started there, may be of its user', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  const inner = node.exec(OTHER, 'id\0', node.run(node.fork(shell), 'runc\0exec\0'));
  node.read(inner);
  assert.deepEqual((await node.alerts(inner)).map(said), ['ambiguous alice']);
});

test('a pid that is used again is another session', async () => {
  await using node = await ExecNode.start({ modules: [module] });
  node.request('alice', ['sh']);
  const first = node.exec(WEB, 'sh\0');
  node.request('bob', ['id']);
  const again = node.fork(
    node.fork(undefined, {
      cgroup: `/docker/${WEB}`,
      pid_namespace: ROOT_PID_NAMESPACE,
      executable: 'memfd:runc',
      argv: 'runc\0init\0',
    }),
    {
      pid: first.pid,
      pid_namespace: WEB_NAMESPACE,
    },
  );
  const second = node.run(again, 'id\0');
  node.read(second);
  assert.deepEqual((await node.alerts(second)).map(said), ['exact bob']);
});

test('alerts that wait at the stop are sent, without a name that is not settled', async () => {
  await using node = await ExecNode.start({ modules: [module], wait: 600_000 });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  await until(() => node.agent.summary().alerts.heldForUser === 1);
  await node.agent.stop();
  assert.deepEqual((await node.alerts(shell)).map(said), ['ambiguous alice']);
});

test('what began before the agent received audit events itself may be of somebody whose request it has not', async () => {
  const { configuration } = loadConfig({ environment: {} });
  const other = new AuditSource({
    settings: { ...configuration.sources.k8s_audit, file: join(directory, 'audit.log') },
    ...{ hostname: 'node', isoTime: false, ruleMatching: 'first', namesModules: false, say: () => {} },
  });
  await using node = await ExecNode.start({ modules: [module], other });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['ambiguous alice']);
});

test('a session whose container the runtime did not know at first has its name when it does', async () => {
  const { [`/containers/${WEB}/json`]: web = {}, ...others } = ANSWERS;
  const answers: Record<string, object> = { ...others };
  await using node = await ExecNode.start({ modules: [module], answers });
  node.request('alice', ['sh']);
  const shell = node.exec(WEB, 'sh\0');
  await until(() => node.agent.summary().containers.unknown === 1);
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['']);
  answers[`/containers/${WEB}/json`] = web;
  await until(() => node.agent.summary().containers.known === 1);
  const child = node.fork(shell);
  node.read(child);
  const [, later] = await node.alerts(shell, child);
  assert.equal(said(later ?? {}), 'exact alice');
});

test('without a source of requests nothing waits, and the fields are absent', async () => {
  await using node = await ExecNode.start({ modules: [module], isOn: false });
  const shell = node.exec(WEB, 'sh\0');
  node.read(shell);
  assert.deepEqual((await node.alerts(shell)).map(said), ['']);
  assert.equal(node.agent.summary().alerts.heldForUser, 0);
});
