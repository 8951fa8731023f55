// What becomes of changed rules, as events on the agent's pod.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { ruleEvents } from '../../../host/daemon/rule-events.ts';
import { ownPod } from '../../../host/metadata/kubernetes/own-pod.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { until } from '../../support/until.ts';

const POD = { name: 'wasprey-x7', namespace: 'security', uid: 'some-uid' };

interface Posted {
  readonly path: string;
  readonly type: unknown;
  readonly reason: unknown;
  readonly message: string;
  readonly involvedObject: unknown;
}

async function posted(request: IncomingMessage, path: string): Promise<Posted> {
  const { type, reason, message, involvedObject } = (await json(request)) as Omit<Posted, 'path'>;
  return { path, type, reason, message, involvedObject };
}

test('are written where the pod is known; a refusal is reported', async () => {
  await using server = await ApiServer.start();
  const events: Posted[] = [];
  const said: string[] = [];
  let status = 201;
  server.intercept = ({ pathname }, response, request) => {
    assert.equal(request.method, 'POST');
    posted(request, pathname).then((event) => {
      events.push(event);
      reply(response, status, { message: 'events is forbidden' });
    });
    return true;
  };
  const tell = ruleEvents({ node: 'node1', kubeconfig: server.kubeconfig }, (text) => said.push(text), POD);
  assert.ok(tell);
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', ...POD };
  const path = '/api/v1/namespaces/security/events';
  tell({ kind: 'replaced', generation: 1, modules: [{ name: 'a', sha256: '', rules: 3, inUseSince: 0 }] });
  await until(() => events.length === 1);
  const replaced = { path, type: 'Normal', reason: 'RulesReplaced', message: '3 rules in use now', involvedObject };
  assert.deepEqual(events[0], replaced);
  tell({ kind: 'refused', reason: `no field \x1b[31m ${'x'.repeat(2000)}` });
  await until(() => events.length === 2);
  const { message = '', ...refused } = events[1] ?? {};
  assert.deepEqual(refused, { path, type: 'Warning', reason: 'RulesRefused', involvedObject });
  assert.ok(
    message.startsWith('New rules were refused, the previous ones stay in use: no field \\u001b[31m xxx'),
    message,
  );
  assert.equal(message.length, 1024);
  assert.deepEqual(said, []);
  status = 403;
  tell({ kind: 'refused', reason: 'no field' });
  await until(() => said.length === 1);
  assert.deepEqual(said, ["can't write an event on the pod: events is forbidden"]);
});

test('are not written where there is no cluster, or no name of the pod', () => {
  assert.equal(ruleEvents(false, assert.fail, POD), undefined);
  assert.equal(ruleEvents(undefined, assert.fail, POD), undefined);
  assert.equal(ownPod({ POD_NAME: 'a', POD_NAMESPACE: 'b' }), undefined);
  assert.deepEqual(ownPod({ POD_NAME: 'a', POD_NAMESPACE: 'b', POD_UID: 'c' }), {
    name: 'a',
    namespace: 'b',
    uid: 'c',
  });
});
