// The receiver of audit events as the chart installs it: ready without a privilege, and asked by the address of its Service.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AgentCluster } from '../support/cluster/cluster-agent.ts';

const RULES = `
- rule: Secret read
  desc: d
  condition: ka.verb = get and ka.target.resource = secrets
  output: secret=%ka.target.name user=%ka.user.name
  priority: WARNING
  source: k8s_audit
`;

const EVENT = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  auditID: '7b1f7a3e-8f0a-4b06-9f7c-0c6f2f6d5a11',
  stage: 'ResponseComplete',
  verb: 'get',
  requestURI: '/api/v1/namespaces/shop/secrets/till',
  user: { username: 'mallory' },
  objectRef: { resource: 'secrets', namespace: 'shop', name: 'till', apiVersion: 'v1' },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: '2026-11-26T10:00:00.000000Z',
  stageTimestamp: '2026-11-26T10:00:00.100000Z',
};

let agents: AgentCluster;
before(async () => {
  agents = await AgentCluster.start();
  await agents.install({
    controller: { kind: 'deployment' },
    customRules: { 'audit.yaml': RULES },
    falco: { json_output: true },
  });
});
after(() => agents?.stop());

/** The status of the answer to an EventList, sent from the node. */
async function send(token: string): Promise<string> {
  const address = await agents.kubectl('get', 'service', 'wasprey-audit', '-o', 'jsonpath={.spec.clusterIP}');
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [EVENT] };
  const script = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    fetch('https://${address}:9765/k8s-audit', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ${token}' },
      body: ${JSON.stringify(JSON.stringify(list))},
    }).then(({ status }) => {
      console.log(status);
      process.exit(); // The connection stays open otherwise.
    });`;
  return (await agents.cluster.run([process.execPath, '-e', script])).stdout.trim();
}

test('who has the token of the chart is heard, and nobody else', async () => {
  agents.alerts.follow(await agents.readyPod());
  const encoded = await agents.kubectl('get', 'secret', 'wasprey-audit', '-o', 'jsonpath={.data.token}');
  assert.equal(await send('guessed'), '401');
  assert.equal(await send(Buffer.from(encoded, 'base64').toString()), '200');
  const { output } = await agents.alerts.find('the secret that was read', ({ rule }) => rule === 'Secret read');
  assert.match(output, /secret=till user=mallory$/);
});
