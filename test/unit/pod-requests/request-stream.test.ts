// Requests to enter pods on their way from a receiver to the agents of their nodes: who gets what, whom the receiver answers, and which receiver an
// agent trusts.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { readRequests } from '../../../host/cli/activity/audit-logs.ts';
import { tryReceiver } from '../../../host/daemon/pod-requests/try-receiver.ts';
import { podRequestFiles } from '../../../host/journal/pod-request-log.ts';
import { coverageIn, loadStreamState } from '../../../host/journal/stream-state-file.ts';
import { Authority } from '../../support/servers/authority.ts';
import { isConnected, TestReceiver } from '../../support/servers/request-receiver.ts';
import { putPod, tokenOf } from '../../support/servers/token-reviews.ts';
import { until } from '../../support/until.ts';

test('each agent gets the requests for pods of its node, keeps them, and nobody gets refused ones', async () => {
  await using receiver = await TestReceiver.start();
  await using one = receiver.agent('node-a').start();
  await using other = receiver.agent('node-b').start();
  await until(() => isConnected(one) && isConnected(other));
  receiver.exec({ id: 'refused', status: 403, ended: Date.now() });
  receiver.exec({ id: 'a', pod: 'web-0', user: 'alice', ended: Date.now() });
  receiver.exec({ id: 'b', pod: 'web-1', user: 'bob' });
  await until(() => one.taken.length === 2 && other.taken.length === 1);
  assert.deepEqual([one.taken, other.taken], [['a', 'a'], ['b']]);
  await one.stop();
  const { requests } = readRequests([], podRequestFiles(one.folder));
  assert.deepEqual(
    requests.map(({ user, pod, ended }) => [user.name, pod, ended !== undefined]),
    [['alice', 'web-0', true]],
  );
  // The receiver sees the end of a connection a little later.
  await until(() => receiver.forwarding.summary.streams === 1);
  const { events } = receiver.forwarding.summary;
  assert.deepEqual(
    new Map(events.map(({ outcome, count }) => [outcome, count])),
    new Map([
      ['nowhere', 2],
      ['node', 3],
    ]),
  );
});

test('a request by the kubelet of a node goes to that node, without a question', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-b').start();
  receiver.kubelet('node-b', 'kubelet');
  await until(() => agent.taken.includes('kubelet'));
  assert.deepEqual(
    receiver.api.requests.filter(({ pathname }) => pathname.includes('/shop/')),
    [],
  );
});

test('of a pod that is gone, or younger than the request, agents learn only that there was one', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  putPod(receiver.api, 'shop', 'young', 'node-a', Date.now() + 60_000);
  putPod(receiver.api, 'shop', 'pending', undefined, Date.now() - 60_000);
  for (const pod of ['gone', 'young', 'pending']) receiver.exec({ id: pod, pod, words: ['cat', '/secret'] });
  await until(() => agent.client.summary.withheld === 3);
  assert.deepEqual(agent.taken, []);
  await until(async () => ((await coverageIn(agent.folder))?.withheld.length ?? 0) === 3);
  const state = JSON.stringify((await coverageIn(agent.folder))?.withheld, (_, value) => String(value));
  assert.doesNotMatch(state, /alice|secret/);
});

test('later events of a request go where the first went, also when the pod is gone', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  const received = Date.now();
  receiver.exec({ id: 'e', received });
  await until(() => agent.taken.length === 1);
  receiver.api.objects.delete('/api/v1/namespaces/shop/pods/web-0');
  receiver.exec({ id: 'e', received, ended: Date.now() });
  await until(() => agent.taken.length === 2);
  assert.equal(agent.client.summary.withheld, 0);
});

test('an agent that was away, by a restart or a broken connection, goes on without a gap', async () => {
  await using receiver = await TestReceiver.start();
  const first = receiver.agent('node-a').start();
  receiver.exec({ id: '1' });
  await until(() => first.taken.length === 1);
  await until(async () => ((await loadStreamState(first.folder))?.at?.position ?? 0) > 0);
  await first.stop();
  const received = Date.now();
  receiver.exec({ id: '2', received });
  receiver.exec({ id: '2', received });
  // The nodes of requests are asked for at the same time: without it the next may come first.
  await until(() => receiver.forwarding.summary.pending === 0);
  await using second = receiver.agent('node-a').start();
  receiver.exec({ id: '3' });
  await until(() => second.taken.length >= 2);
  assert.deepEqual(second.taken, ['2', '3']);
  assert.equal(receiver.forwarding.summary.events.find(({ outcome }) => outcome === 'duplicate')?.count, 1);
  assert.equal(second.client.summary.gaps, 0);
  await until(async () => ((await coverageIn(first.folder))?.spans.length ?? 0) === 1);
  const { requests } = readRequests([], podRequestFiles(first.folder));
  assert.equal(requests.length, 3);
});

/** Status and body of an answer; a stream is cut off after its first bytes. */
function ask(
  receiver: TestReceiver,
  headers: object,
  path = '/pod-requests',
  method = 'GET',
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(`${receiver.url}${path}`, {
      ca: receiver.authority.pem,
      headers: { ...headers },
      method,
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.once('data', (chunk) => {
        resolve([response.statusCode ?? 0, String(chunk)]);
        response.on('error', () => {});
        sent.destroy();
      });
    });
    sent.end();
  });
}

test('nobody is heard without a token of an agent for this audience that is bound to a pod that is there', async () => {
  await using receiver = await TestReceiver.start();
  const { known } = receiver.reviews;
  known.set(tokenOf('other-user'), { user: 'system:serviceaccount:shop:robot', pod: 'agent-node-a' });
  known.set(tokenOf('other-audience'), { audience: 'https://kubernetes.default.svc', pod: 'agent-node-a' });
  known.set(tokenOf('unbound'), {});
  known.set(tokenOf('gone'), { pod: 'agent-of-before' });
  known.set(tokenOf('other-node'), { pod: 'agent-node-a', node: 'node-b' });
  known.set(tokenOf('same-node'), { pod: 'agent-node-a', node: 'node-a' });
  const bearer = (token: string) => ask(receiver, { authorization: `Bearer ${token}` });
  const statuses = new Map<string, number>();
  for (const name of ['stranger', 'other-user', 'other-audience', 'unbound', 'gone', 'other-node', 'same-node']) {
    statuses.set(name, (await bearer(tokenOf(name)))[0]);
  }
  assert.deepEqual(
    [...statuses],
    [
      ['stranger', 401],
      ['other-user', 403],
      ['other-audience', 401],
      ['unbound', 403],
      ['gone', 403],
      ['other-node', 403],
      ['same-node', 200],
    ],
  );
  const reviewed = receiver.reviews.asked.length;
  assert.equal((await ask(receiver, {}))[0], 401);
  assert.equal((await bearer('no-token'))[0], 401);
  assert.equal((await bearer(`${'a'.repeat(9_000)}.b.c`))[0], 401);
  assert.equal((await bearer(tokenOf('stranger')))[0], 401);
  assert.equal(receiver.reviews.asked.length, reviewed, 'what can not be a token, or was reviewed, is not asked about');
  const good = { authorization: `Bearer ${tokenOf('node-a')}` };
  assert.equal((await ask(receiver, good, '/metrics'))[0], 404);
  assert.equal((await ask(receiver, good, '/pod-requests', 'POST'))[0], 405);
  receiver.reviews.isDown = true;
  assert.equal((await bearer(tokenOf('new')))[0], 503);
  assert.equal(receiver.said.length, 1);
  assert.match(receiver.said[0] ?? '', /^the API server can't be asked about agents and pods: /);
  receiver.reviews.isDown = false;
  assert.equal((await bearer(tokenOf('new')))[0], 401, 'what could not be decided is asked anew');
});

test('positions that no receiver has given begin anew, and say so', async () => {
  await using receiver = await TestReceiver.start();
  const headers = { authorization: `Bearer ${tokenOf('node-a')}` };
  for (const query of ['', '?epoch=x&position=5', '?position=1e9', '?epoch=x&position=-1', '?epoch=%00&position=NaN']) {
    const [status, text] = await ask(receiver, headers, `/pod-requests${query}`);
    const [line = ''] = text.split('\n');
    assert.equal(status, 200);
    assert.ok(BigInt(JSON.parse(line).whole) > 0n, query);
  }
  const [, first] = await ask(receiver, headers);
  const { epoch } = JSON.parse(first.split('\n')[0] ?? '');
  const [, again] = await ask(receiver, headers, `/pod-requests?epoch=${epoch}&position=0`);
  assert.equal(JSON.parse(again.split('\n')[0] ?? '').whole, undefined);
  const [, beyond] = await ask(receiver, headers, `/pod-requests?epoch=${epoch}&position=99`);
  assert.ok(BigInt(JSON.parse(beyond.split('\n')[0] ?? '').whole) > 0n);
});

test('silent and half-open connections of strangers take nothing from agents', async () => {
  await using receiver = await TestReceiver.start();
  const port = Number(new URL(receiver.url).port);
  const sockets = Array.from({ length: 50 }, () => connectTls({ port, host: '127.0.0.1', ca: receiver.authority.pem }));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write('GET /pod-requests HTTP/1.1\r\nhost: x\r\n');
  }
  await using agent = receiver.agent('node-a').start();
  receiver.exec({ id: 'e' });
  await until(() => agent.taken.includes('e'));
  assert.equal(receiver.forwarding.summary.streams, 1);
  for (const socket of sockets) socket.destroy();
});

test('an agent trusts only a receiver with a certificate of its authority', async () => {
  await using receiver = await TestReceiver.start();
  const other = new Authority(receiver.directory.path, 'other');
  await using agent = receiver.agent('node-a', { authorities: other.path }).start();
  await until(() => /certificate/.test(agent.client.summary.failure ?? ''));
  assert.deepEqual([receiver.reviews.asked, agent.taken], [[], []]);
  await agent.stop();
  const place = { url: receiver.url, tokenFile: join(receiver.directory.path, 'token-node-a') };
  assert.match((await tryReceiver({ ...place, authorities: other.path })) ?? '', /certificate/);
  assert.equal(await tryReceiver({ ...place, authorities: receiver.authority.path }), undefined);
  assert.match((await tryReceiver({ ...place, authorities: '/nothing' })) ?? '', /can't read \/nothing: no such file/);
  const empty = join(receiver.directory.path, 'empty.pem');
  writeFileSync(empty, '');
  assert.equal(await tryReceiver({ ...place, authorities: empty }), `${empty} has no certificate in PEM form`);
  await using strange = receiver.agent('node-a', { folder: 'strange', token: tokenOf('strange') }).start();
  await until(() => /answers 401/.test(strange.client.summary.failure ?? ''));
});
