// Pods as the API server reports them: with their owners and namespace, by the uid that their containers have, and forgotten when they are gone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { addOwners, pod, UID } from '../../support/servers/cluster-pods.ts';
import { Follower } from '../../support/servers/pod-follower.ts';
import { until } from '../../support/until.ts';

describe('metadata: pods', () => {
  it('of this node alone, with owners and namespace', async () => {
    await using server = await ApiServer.start();
    addOwners(server);
    server.put(pod());
    await using follower = new Follower(server);
    const found = await follower.known();
    const { labels, annotations, namespaceObject, deployment, replicaSet, ...rest } = found;
    assert.deepEqual(rest, {
      uid: UID,
      name: 'web-0',
      namespace: 'shop',
      ip: '10.244.0.7',
      serviceAccount: 'seller',
      node: 'node1',
      owner: { kind: 'Deployment', name: 'web', uid: 'deployment-uid' },
    });
    assert.deepEqual([[...labels], [...annotations]], [[['app', 'shop']], [['team', 'blue']]]);
    assert.deepEqual(
      [namespaceObject, deployment, replicaSet].map((object) => [object?.uid, ...(object?.labels ?? [])]),
      [
        ['ns-uid', ['tier', 'front']],
        ['deployment-uid', ['app', 'web']],
        ['rs-uid', ['hash', '5d']],
      ],
    );
    const lists = server.requests.filter(({ pathname }) => pathname === '/api/v1/pods');
    for (const { searchParams } of lists) assert.equal(searchParams.get('fieldSelector'), 'spec.nodeName=node1');
  });

  it('a chain that ends with a DaemonSet, or with a CronJob behind a job', async () => {
    await using server = await ApiServer.start();
    server.objects.set('/apis/batch/v1/namespaces/shop/jobs/nightly-1', {
      metadata: {
        name: 'nightly-1',
        uid: 'job-uid',
        ownerReferences: [{ kind: 'CronJob', name: 'nightly', uid: 'cron-uid' }],
      },
    });
    server.put(pod('a', { ownerReferences: [{ kind: 'DaemonSet', name: 'logs', uid: 'ds-uid' }] }));
    server.put(pod('b', { ownerReferences: [{ kind: 'Job', name: 'nightly-1', uid: 'job-uid' }] }));
    server.put(pod('c', { ownerReferences: [{ kind: 'Job', name: 'nightly-1', uid: 'of another job of that name' }] }));
    await using follower = new Follower(server);
    assert.deepEqual((await follower.known('a')).owner, { kind: 'DaemonSet', name: 'logs', uid: 'ds-uid' });
    assert.deepEqual((await follower.known('b')).owner, { kind: 'CronJob', name: 'nightly', uid: 'cron-uid' });
    assert.equal((await follower.known('c')).owner?.kind, 'Job');
  });

  it('changes and ends come by the watch; a pod is known for a while after its end', async () => {
    await using server = await ApiServer.start();
    server.put(pod());
    await using follower = new Follower(server, { grace: 100 });
    await follower.known();
    await until(() => server.watchers > 0);
    server.put(pod(UID, { labels: { app: 'new' } }));
    await follower.known(UID, ({ labels }) => labels.get('app') === 'new');
    server.remove(UID);
    await until(() => follower.pods.size.gone === 1);
    assert.equal(follower.pods.find(UID).state, 'known');
    // Its grace passes, of which nothing tells: the next end is when it is forgotten.
    await pause(150);
    server.put(pod('other'));
    await follower.known('other');
    server.remove('other');
    await until(() => follower.pods.find(UID).state === 'pending');
    assert.deepEqual(follower.pods.size, { pods: 0, gone: 1 });
  });

  it('a pod from a file is known by the uid that its containers have', async () => {
    await using server = await ApiServer.start();
    const annotations = { 'kubernetes.io/config.hash': 'f00d', 'kubernetes.io/config.mirror': 'f00d' };
    server.put(pod(UID, { annotations }));
    await using follower = new Follower(server);
    assert.equal((await follower.known('f00d')).uid, UID);
  });

  it('no other pod takes the place of one from a file', async () => {
    await using server = await ApiServer.start();
    const hash = { 'kubernetes.io/config.hash': 'f00d' };
    server.put(pod(UID, { annotations: { ...hash, 'kubernetes.io/config.mirror': 'f00d' } }));
    server.put(pod('impostor', { annotations: hash }));
    await using follower = new Follower(server);
    await follower.known('impostor');
    assert.equal((await follower.known('f00d')).uid, UID);
  });

  it('owners that may not be read are left out, with one line for the kind', async () => {
    await using server = await ApiServer.start();
    addOwners(server);
    server.intercept = (url, response) => {
      if (!url.pathname.includes('replicasets')) return false;
      reply(response, 403, { kind: 'Status', message: 'replicasets.apps is forbidden', code: 403 });
      return true;
    };
    for (const uid of ['a', 'b', 'c']) {
      server.put(pod(uid, { ownerReferences: [{ kind: 'ReplicaSet', name: `rs-${uid}`, uid: `rs-${uid}` }] }));
    }
    await using follower = new Follower(server);
    const found = await follower.known('c');
    assert.deepEqual([found.owner?.name, found.deployment, found.namespaceObject?.uid], ['rs-c', undefined, 'ns-uid']);
    await follower.known('a');
    await follower.known('b');
    assert.equal(follower.count('denied'), 3);
    assert.equal(follower.lines.length, 1);
    assert.match(follower.lines[0] ?? '', /replicasets\.apps is forbidden/);
  });

  it('owners that a busy server did not report are asked for again, though the pod stays as it is', async () => {
    await using server = await ApiServer.start();
    addOwners(server);
    const busy = new Set(['/api/v1/namespaces/shop', '/apis/apps/v1/namespaces/shop/replicasets/web-5d']);
    server.intercept = (url, response) => {
      if (!busy.delete(url.pathname)) return false;
      reply(response, 429);
      return true;
    };
    server.put(pod());
    await using follower = new Follower(server, { again: 50 });
    const without = await follower.known();
    assert.deepEqual([without.namespaceObject, without.deployment], [undefined, undefined]);
    const found = await follower.known(UID, ({ deployment }) => deployment !== undefined);
    assert.deepEqual([found.namespaceObject?.uid, found.deployment?.name], ['ns-uid', 'web']);
    assert.equal(follower.count('busy'), 2);
  });

  it('of 10,000 generations of pods nothing is kept but of the latest', async () => {
    await using server = await ApiServer.start();
    addOwners(server);
    await using follower = new Follower(server, { grace: 200 });
    await until(() => server.watchers > 0);
    const generations = async (from: number, to: number) => {
      for (let generation = from; generation < to; generation++) {
        const uid = `uid-${generation}`;
        server.put(pod(uid));
        server.put(pod(uid, { labels: { app: 'shop', generation: String(generation) } }));
        server.remove(uid);
        if (generation % 100 === 99) await until(() => follower.pods.find(uid).state === 'known');
      }
    };
    await generations(0, 10_000);
    const { pods, gone } = follower.pods.size;
    assert.ok(pods === 0 && gone <= 1024, `${pods} pods, ${gone} gone`);
    // Those that are kept for a while, and what was in the last answers.
    const named = textsInHeap(/^uid-\d+$/);
    assert.ok(named.size < 2048, `${named.size} pods are still in the heap`);
    assert.equal(follower.log.counts.length, 0);
  });
});

/** The texts of that form that anything refers to. */
function textsInHeap(form: RegExp): ReadonlySet<string> {
  const chunks: Buffer[] = [];
  const snapshot = getHeapSnapshot();
  for (let chunk = snapshot.read(); chunk !== null; chunk = snapshot.read()) chunks.push(chunk);
  const { strings }: { strings: readonly string[] } = JSON.parse(Buffer.concat(chunks).toString());
  return new Set(strings.filter((text) => form.test(text)));
}
