// Requests to enter pods on their way from a receiver to the agents of their nodes: who gets what, and what is known of a way that was broken.

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
import { coversPod, NO_COVERAGE } from '../../../host/sessions/coverage.ts';
import { Authority } from '../../support/servers/authority.ts';
import { TestReceiver } from '../../support/servers/request-receiver.ts';
import { putPod, tokenOf } from '../../support/servers/token-reviews.ts';
import { until } from '../../support/until.ts';

const MS = 1_000_000n;

function isConnected(agent: { readonly client: { readonly summary: { readonly failure?: string } } }): boolean {
  return agent.client.summary.failure === undefined;
}

/** Whether the agent knows all requests for web-0 that were received then; ms since the epoch. */
async function covers(folder: string, from: number, to = from): Promise<boolean> {
  const coverage = await coverageIn(folder);
  const span = { from: BigInt(from) * MS, to: BigInt(to) * MS };
  return coverage !== undefined && coversPod(coverage, { namespace: 'shop', pod: 'web-0' }, span);
}

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

test('while the API server does not answer, a request waits, and nothing counts as known', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  receiver.reviews.isDown = true;
  receiver.exec({ id: 'e' });
  const asked = Date.now();
  await until(() => receiver.forwarding.summary.pending === 1);
  const until0 = async (): Promise<bigint> => (await loadStreamState(agent.folder))?.until ?? 0n;
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 100);
  assert.ok((await until0()) <= BigInt(asked + 5_000) * MS);
  receiver.reviews.isDown = false;
  await until(() => agent.taken.includes('e'));
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

for (const aheadMs of [-3_600_000, -20_000, 20_000, 3_600_000]) {
  test(`where the clock of the receiver is ${aheadMs / 1000} s ahead, what counts as known is so by the clock of the node`, async () => {
    await using receiver = await TestReceiver.start({ aheadMs });
    await using agent = receiver.agent('node-a').start();
    const began = Date.now();
    await until(() => covers(agent.folder, began + 1_000, began + 1_100));
    const spans = (await coverageIn(agent.folder))?.spans ?? [];
    assert.ok(spans.every(({ from, to }) => from >= BigInt(began - 1_000) * MS && to <= BigInt(Date.now()) * MS));
    assert.equal(await covers(agent.folder, Date.now()), false);
    // What comes while no receiver runs may be given up.
    await receiver.stop();
    const away = Date.now();
    await receiver.serve();
    const again = Date.now();
    await until(() => covers(agent.folder, again + 1_000));
    assert.equal(await covers(agent.folder, away, again), false);
    assert.equal(await covers(agent.folder, began + 1_000, began + 1_100), true);
  });
}

test('an event of a time that counted as known shows that it was not, whatever the receiver takes for late', async () => {
  // For it the event comes in time.
  await using receiver = await TestReceiver.start({ aheadMs: -3_600_000 });
  await using agent = receiver.agent('node-a').start();
  const began = Date.now();
  await until(() => covers(agent.folder, began + 1_000, began + 2_500));
  receiver.exec({ id: 'late', received: began + 1_050 });
  await until(() => agent.taken.includes('late'));
  await until(async () => !(await covers(agent.folder, began + 1_500)));
  assert.equal(receiver.forwarding.summary.gaps, 0);
  const later = Date.now();
  await until(() => covers(agent.folder, later + 500));
  assert.equal(await covers(agent.folder, began + 1_500), false);
});

test('a clock that is set while a stream is open makes the agent ask again', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  receiver.aheadMs = 3_600_000;
  await until(() => agent.said.some((line) => /the clock of .* was set/.test(line)));
  const set = Date.now();
  await until(() => covers(agent.folder, set + 2_000));
  const spans = (await coverageIn(agent.folder))?.spans ?? [];
  assert.ok(spans.every(({ to }) => to <= BigInt(Date.now()) * MS));
});

test('where the clock of the node is set back, times that come once more are not covered any longer', async (t) => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  const began = Date.now();
  await until(() => covers(agent.folder, began + 1_000, began + 1_500));
  const { now } = Date;
  t.mock.method(Date, 'now', () => now() - 1_000);
  const set = Date.now();
  const { spans } = agent.client.coverage;
  assert.ok(spans.length > 0 && spans.every(({ to }) => to <= BigInt(set) * MS));
  assert.equal(
    coversPod(agent.client.coverage, { namespace: 'shop', pod: 'web-0' }, spans[0] ?? { from: 0n, to: 1n }),
    true,
  );
  // Once it is past what it showed before, all counts as before.
  await until(() => covers(agent.folder, set + 1_600));
  assert.equal(await covers(agent.folder, set + 100, set + 900), false);
});

test('after a new run of the receiver the time between is not covered, and the rest is', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  // Spans begin somewhat after the receiver: clocks may be apart.
  const before = Date.now() + 400;
  await until(() => covers(agent.folder, before));
  await receiver.stop();
  const down = Date.now();
  await until(() => !isConnected(agent));
  await receiver.serve();
  await until(() => isConnected(agent));
  const after = Date.now() + 400;
  await until(() => covers(agent.folder, after));
  assert.equal(await covers(agent.folder, before), true);
  assert.equal(await covers(agent.folder, before, after), false);
  assert.equal(await covers(agent.folder, down + 100), false);
  assert.equal(agent.client.summary.gaps, 1);
  assert.match(agent.said.join('\n'), /can't be reached|silent/);
});

test('an agent that has heard no receiver yet knows of no time, also where earlier requests are kept', async () => {
  await using receiver = await TestReceiver.start();
  await receiver.stop();
  await using agent = receiver.agent('node-a').start();
  await until(() => /can't be reached/.test(agent.client.summary.failure ?? ''));
  assert.deepEqual(await coverageIn(agent.folder), NO_COVERAGE);
});

test('a state that is lost, or damaged, covers nothing, until all has come again', async () => {
  await using receiver = await TestReceiver.start();
  const first = receiver.agent('node-a').start();
  receiver.exec({ id: 'e' });
  const time = Date.now() + 400;
  await until(() => covers(first.folder, time));
  await first.stop();
  writeFileSync(join(first.folder, 'pod-request-stream.json'), '{"until":');
  assert.equal(await covers(first.folder, time), false);
  await using second = receiver.agent('node-a').start();
  await until(() => covers(first.folder, time));
  assert.deepEqual(second.taken, ['e']);
});

test('events that may be lost, or come late, take the time away in which they were', async () => {
  await using receiver = await TestReceiver.start();
  await receiver.stop();
  receiver.latenessMs = 1_000;
  await receiver.serve();
  await using agent = receiver.agent('node-a').start();
  const time = Date.now() + 1_000;
  await until(() => covers(agent.folder, time - 500, time));
  receiver.forwarding.missed();
  await until(() => agent.client.summary.gaps === 1);
  // A second is what may be on its way.
  await until(async () => !(await covers(agent.folder, Date.now() - 2_000, Date.now() - 900)));
  assert.equal(await covers(agent.folder, time - 500, time - 100), true);
  receiver.exec({ id: 'late', received: time - 200 });
  await until(() => agent.taken.includes('late'));
  await until(async () => !(await covers(agent.folder, time - 500, time - 100)));
});

test('nothing counts as known while the receiver can not read what it gets', async () => {
  await using receiver = await TestReceiver.start();
  receiver.isReceiving = false;
  await using agent = receiver.agent('node-a').start();
  await until(() => isConnected(agent));
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 200);
  assert.deepEqual((await coverageIn(agent.folder))?.spans, []);
  receiver.isReceiving = true;
  const time = Date.now() + 400;
  await until(() => covers(agent.folder, time));
});

test('a time in which the receiver could not read is not covered when it can again', async () => {
  await using receiver = await TestReceiver.start();
  await using agent = receiver.agent('node-a').start();
  const before = Date.now() + 400;
  await until(() => covers(agent.folder, before));
  receiver.isReceiving = false;
  const heard = agent.client.summary.lastHeard ?? 0;
  await until(() => (agent.client.summary.lastHeard ?? 0) > heard + 200);
  const down = Date.now();
  receiver.isReceiving = true;
  const after = Date.now() + 400;
  await until(() => covers(agent.folder, after));
  assert.deepEqual([await covers(agent.folder, before), await covers(agent.folder, down)], [true, false]);
  assert.equal(agent.client.summary.gaps, 1);
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
