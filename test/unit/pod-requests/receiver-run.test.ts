// A receiver as an agent's source of audit events, and an agent with its stream: from the webhook to the journal, with what both report.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRequests } from '../../../host/cli/activity/audit-logs.ts';
import { renderStatus } from '../../../host/cli/reports/status-report.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { AuditSource } from '../../../host/daemon/audit/audit-source.ts';
import { statusOf } from '../../../host/daemon/control/status.ts';
import { exposition } from '../../../host/daemon/metrics/exposition.ts';
import { ownMetrics } from '../../../host/daemon/metrics/own-metrics.ts';
import { ReceiverClient } from '../../../host/daemon/pod-requests/receiver-client.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { podRequestFiles } from '../../../host/journal/pod-request-log.ts';
import { coverageIn } from '../../../host/journal/stream-state-file.ts';
import { auditBatch, auditModule, auditRule } from '../../support/audit/audit-rules.ts';
import { execEvents } from '../../support/audit/exec-events.ts';
import { moduleOf, startBuiltAgent } from '../../support/records/built-agent.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { TestReceiver } from '../../support/servers/request-receiver.ts';
import { ACCOUNT, tokenOf } from '../../support/servers/token-reviews.ts';
import { until } from '../../support/until.ts';

const SHADOW =
  '- {rule: Shadow, desc: d, condition: evt.type = openat and fd.name = /etc/shadow, output: o, priority: WARNING}\n';

/** An audit source that serves agents, with the API server and the certificates of a test receiver. */
async function auditSource(test: TestReceiver) {
  const place = (name: string): string => join(test.directory.path, name);
  const { certificate, key } = test.authority.issue('own');
  const [listen, agents] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  writeFileSync(place('secret'), 'secret');
  const audit = {
    ...{ listen, ssl_enabled: false, token_file: place('secret'), ssl_certificate: certificate, ssl_key: key },
    agents: { listen: agents, service_accounts: [ACCOUNT] },
  };
  writeFileSync(place('wasprey.yaml'), JSON.stringify({ sources: { k8s_audit: audit } }));
  const { configuration } = loadConfig({ path: place('wasprey.yaml'), environment: {} });
  const options = {
    ...{ settings: configuration.sources.k8s_audit, hostname: 'h', isoTime: false, ruleMatching: 'first' as const },
    namesModules: false,
    say: () => {},
  };
  const post = async (body: string): Promise<number> => {
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
    return (await fetch(`http://${listen}/k8s-audit`, { method: 'POST', headers, body })).status;
  };
  return { options, post, url: `https://${agents}` };
}

const facts = { version: '1', startedMs: 0, modules: [] };
const terminal = { ...SILENT, bold: (title: string) => title };

test('an exec goes from the webhook to the journal of the agent of its node, and both report it', async () => {
  await using receiver = await TestReceiver.start();
  const { options, post, url } = await auditSource(receiver);
  const other = new AuditSource({ ...options, kubernetes: { node: '', kubeconfig: receiver.api.kubeconfig } });
  await using receiving = await startBuiltAgent([await auditModule(auditRule('ka.verb = create'))], {
    source: 'none',
    other,
  });
  const tokenFile = join(receiver.directory.path, 'token');
  writeFileSync(tokenFile, tokenOf('node-a'));
  const say = (): void => {};
  const place = { url, authorities: receiver.authority.path, tokenFile };
  const podRequests = new ReceiverClient({ ...place, onTrouble: say, onNote: say });
  const folder = join(receiver.directory.path, 'journal');
  const journal = { folder, kinds: [], keep: 1e6, maxBytes: 1e9 };
  await using watching = await startBuiltAgent([await moduleOf(SHADOW)], { podRequests, journal });
  await until(() => podRequests.summary.failure === undefined);
  const events = execEvents({ id: 'e', user: 'alice', words: ['sh'], received: Date.now() });
  assert.equal(await post(auditBatch(...events.map((event) => JSON.stringify(event)))), 200);
  await until(() => podRequests.summary.requests === 1);
  assert.equal(await post('junk'), 400);
  await until(() => podRequests.summary.gaps === 1);

  const summary = watching.agent.summary();
  const metrics = exposition(ownMetrics(summary)).split('\n');
  for (const line of [
    'wasprey_pod_requests_connected 1',
    'wasprey_pod_requests_total 1',
    'wasprey_pod_requests_gaps_total 1',
  ]) {
    assert.ok(metrics.includes(line), line);
  }
  assert.match(
    renderStatus(statusOf(facts, summary), terminal).text,
    /Requests to enter pods\n +receiver +https:.*\n +heard last +2.*\n +streams, since the start +1\n +events +1\n/,
  );
  const sent = receiving.agent.summary();
  const sending = exposition(ownMetrics(sent)).split('\n');
  for (const line of [
    'wasprey_agent_streams 1',
    'wasprey_agent_stream_requests_total{status="200"} 1',
    'wasprey_agent_stream_events_total{outcome="node"} 1',
    'wasprey_agent_stream_gaps_total 1',
  ]) {
    assert.ok(sending.includes(line), line);
  }
  assert.match(renderStatus(statusOf(facts, sent), terminal).text, /streams of agents +1\n/);

  await receiving.agent.stop();
  await until(() => podRequests.summary.failure !== undefined);
  assert.match(
    renderStatus(statusOf(facts, watching.agent.summary()), terminal).text,
    /no requests to enter pods come from/,
  );
  await watching.agent.stop();
  assert.deepEqual(
    readRequests([], podRequestFiles(folder)).requests.map(({ user }) => user.name),
    ['alice'],
  );
  assert.ok(await coverageIn(folder));
});

test('without an API server, and at an address that is taken, a receiver does not start', async () => {
  await using receiver = await TestReceiver.start();
  const { options } = await auditSource(receiver);
  const modules = [await auditModule(auditRule('ka.verb = create'))];
  const none = new AuditSource(options);
  await assert.rejects(startBuiltAgent(modules, { source: 'none', other: none }), /there is no API server to ask/);
  const kubernetes = { node: '', kubeconfig: receiver.api.kubeconfig };
  const listen = new URL(receiver.url).host;
  const settings = { ...options.settings, agents: { ...options.settings.agents, listen } };
  const taken = new AuditSource({ ...options, settings, kubernetes });
  await assert.rejects(
    startBuiltAgent(modules, { source: 'none', other: taken }),
    /agents can't be served.*EADDRINUSE/,
  );
  // The webhook's address is free again.
  const again = new AuditSource({ ...options, kubernetes });
  await using _built = await startBuiltAgent(modules, { source: 'none', other: again });
});

test('an agent that receives audit events itself does not count what a stream has covered', async () => {
  await using receiver = await TestReceiver.start();
  const { options } = await auditSource(receiver);
  const folder = join(receiver.directory.path, 'node-a');
  const agent = receiver.agent('node-a').start();
  await until(async () => (await coverageIn(folder)) !== undefined);
  await agent.stop();
  const other = new AuditSource({ ...options, kubernetes: { node: '', kubeconfig: receiver.api.kubeconfig } });
  const journal = { folder, kinds: [], keep: 1e6, maxBytes: 1e9 };
  await using _built = await startBuiltAgent([await auditModule(auditRule('ka.verb = create'))], { other, journal });
  await until(async () => (await coverageIn(folder)) === undefined);
});
