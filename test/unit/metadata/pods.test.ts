// Pods as the API server reports them: followed through restarts, expired watches and tokens, and forgotten when they are gone.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import type { ClusterPod } from '../../../host/metadata/container-metadata.ts';
import { FailureLog, type MetadataError } from '../../../host/metadata/failure-log.ts';
import { PodDirectory } from '../../../host/metadata/kubernetes/pod-directory.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { addOwners, pod, UID } from '../../support/servers/cluster-pods.ts';
import { until } from '../../support/until.ts';

/** Follows the server's pods, and keeps a log of what went wrong. */
class Follower {
  readonly lines: string[] = [];
  readonly log = new FailureLog((line) => this.lines.push(line));
  readonly pods: PodDirectory;
  readonly running: Promise<void>;

  constructor(server: ApiServer, times: { readonly grace?: number; readonly again?: number } = {}) {
    const listener = {
      changed: () => {},
      working: (subject?: string) => this.log.working('kubernetes', subject),
      failed: (error: MetadataError) => this.log.failed('kubernetes', error),
    };
    this.pods = new PodDirectory({ node: 'node1', kubeconfig: server.kubeconfig }, listener, times);
    this.running = this.pods.run();
  }

  async known(uid = UID, is: (pod: ClusterPod) => boolean = () => true): Promise<ClusterPod> {
    return await until(() => {
      const found = this.pods.find(uid);
      return found.state === 'known' && is(found.pod) ? found.pod : undefined;
    });
  }

  /** How often a kind of failure was counted. */
  count(kind: string): number {
    return this.log.counts.find((count) => count.kind === kind)?.count ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pods.close();
    await this.running;
  }
}

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

  it('the token file of a kubeconfig is read for each request', async () => {
    await using server = await ApiServer.start();
    const shown: (string | undefined)[] = [];
    server.intercept = (_url, _response, { headers }) => {
      shown.push(headers.authorization);
      return false;
    };
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    assert.deepEqual([...new Set(shown)], ['Bearer first']);
    writeFileSync(join(dirname(server.kubeconfig), 'token'), 'second\n');
    server.endWatches();
    await until(() => shown.includes('Bearer second'));
    assert.deepEqual(follower.lines, []);
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

  for (const how of ['by status', 'in the stream'] as const) {
    it(`a watch that has expired (410 ${how}) is begun anew with a list`, async () => {
      await using server = await ApiServer.start();
      server.put(pod());
      server.put(pod('gone'));
      await using follower = new Follower(server);
      await follower.known('gone');
      await until(() => server.watchers > 0);
      if (how === 'by status') {
        let refused = false;
        server.intercept = (url, response) => {
          if (refused || !url.searchParams.get('watch')) return false;
          refused = true;
          reply(response, 410);
          return true;
        };
      }
      server.forget('gone');
      if (how === 'in the stream')
        server.tell({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } });
      server.endWatches();
      await until(() => follower.pods.size.pods === 1);
      server.put(pod('later'));
      await follower.known('later');
      assert.ok(follower.count('expired') === 1);
      assert.deepEqual(follower.lines, []);
    });
  }

  it('what is listed anew is no older than what was seen, and from the cache as long as the server can', async () => {
    await using server = await ApiServer.start();
    const lists: (string | null)[][] = [];
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods') return false;
      if (url.searchParams.get('watch')) {
        if (lists.length > 2) return false;
        reply(response, 410);
        return true;
      }
      lists.push(['resourceVersion', 'limit'].map((name) => url.searchParams.get(name)));
      if (lists.length !== 2) return false;
      reply(response, 410);
      return true;
    };
    server.put(pod());
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    assert.deepEqual(lists, [
      ['0', '250'],
      ['1001', null],
      [null, '250'],
    ]);
    assert.equal(follower.count('expired'), 2);
  });

  it('a watch that fails each time is begun with a list less and less often', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const timers = t.mock.method(globalThis, 'setTimeout');
    await using server = await ApiServer.start();
    let lists = 0;
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) lists++;
      else reply(response, 500);
      return url.searchParams.get('watch') !== null;
    };
    await using follower = new Follower(server);
    for (let [failures, longest] = [1, 200]; failures <= 6; failures++, longest *= 2) {
      await until(() => follower.count('error') === failures);
      assert.equal(lists, failures);
      // The latest timer is that of the wait for the next attempt.
      const wait = timers.mock.calls.at(-1)?.arguments[1] ?? 0;
      assert.ok(wait >= longest / 2 && wait <= longest, `${wait} ms after failure ${failures}`);
      t.mock.timers.tick(longest);
    }
  });

  it('a server that has too much to do need not list again', async () => {
    await using server = await ApiServer.start();
    let [lists, refused] = [0, 0];
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods') return false;
      if (!url.searchParams.get('watch')) lists++;
      else if (++refused <= 2) {
        reply(response, 429);
        return true;
      }
      return false;
    };
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    server.put(pod());
    await follower.known();
    assert.deepEqual([lists, follower.count('busy')], [1, 2]);
  });

  it('goes on where it was after the server was restarted, with one line written', async () => {
    await using server = await ApiServer.start();
    server.put(pod());
    await using follower = new Follower(server);
    await follower.known();
    const { port } = server;
    await server.stop();
    await until(() => follower.count('unreachable') >= 3);
    // What is known stays known; what is not is not waited for.
    assert.equal(follower.pods.find(UID).state, 'known');
    assert.deepEqual(follower.pods.find('unknown'), { state: 'failed', failure: 'no-answer' });
    await server.listen(port);
    await until(() => server.watchers > 0);
    server.put(pod('later'));
    await follower.known('later');
    assert.equal(follower.lines.length, 1);
    assert.match(follower.lines[0] ?? '', /^No metadata from the Kubernetes API server: /);
  });

  it('a server that is not there at the start is followed when it comes', async () => {
    await using server = await ApiServer.start();
    const { port } = server;
    await server.stop();
    await using follower = new Follower(server);
    await until(() => follower.count('unreachable') > 0);
    await server.listen(port);
    server.put(pod());
    await follower.known();
  });

  it('a token that is refused is no end: the next attempt is made', async () => {
    await using server = await ApiServer.start();
    let refused = 0;
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods' || ++refused > 2) return false;
      reply(response, 401, { kind: 'Status', message: 'Unauthorized\nnot a line of its own', code: 401 });
      return true;
    };
    server.put(pod());
    await using follower = new Follower(server);
    await follower.known();
    assert.equal(follower.count('denied'), 2);
    assert.deepEqual(
      follower.lines.map((line) => line.includes('\n')),
      [false],
    );
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

  it('what makes no sense in a watch does not end it for good', async () => {
    await using server = await ApiServer.start();
    await using follower = new Follower(server);
    await until(() => server.watchers > 0);
    server.tell({ type: 'ADDED', object: { metadata: { uid: 7, labels: [] } } });
    server.tell({ type: 'ADDED' });
    server.tell([]);
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) return false;
      server.intercept = () => false;
      response.writeHead(200);
      response.write('{"type": "ADDED", \n');
      return true;
    };
    server.endWatches();
    await until(() => follower.count('invalid') === 1);
    server.put(pod());
    await follower.known();
  });

  it('an event without end is cut off', async () => {
    await using server = await ApiServer.start();
    server.intercept = (url, response) => {
      if (!url.searchParams.get('watch')) return false;
      server.intercept = () => false;
      response.writeHead(200);
      for (let megabyte = 0; megabyte < 6; megabyte++) response.write(Buffer.alloc(1 << 20, 'x'));
      return true;
    };
    await using follower = new Follower(server);
    await until(() => follower.count('invalid') === 1);
    server.put(pod());
    await follower.known();
  });

  it('a list comes in pages', async () => {
    await using server = await ApiServer.start();
    server.intercept = (url, response) => {
      if (url.pathname !== '/api/v1/pods' || url.searchParams.get('watch')) return false;
      const next = url.searchParams.get('continue');
      const metadata = next ? { resourceVersion: '9' } : { resourceVersion: '9', continue: 'page two' };
      reply(response, 200, { metadata, items: [pod(next ? 'second' : 'first')] });
      return true;
    };
    await using follower = new Follower(server);
    await follower.known('first');
    await follower.known('second');
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
