// Containers whose pods the API server reports: completed when it does, and not waited for where it does not.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContainerDirectory } from '../../../host/metadata/directory/container-directory.ts';
import { containerFields } from '../../support/records/container-fields.ts';
import { ApiServer } from '../../support/servers/api-server.ts';
import { addOwners, ID, pod, UID } from '../../support/servers/cluster-pods.ts';
import { until } from '../../support/until.ts';

const NOTICE = { address: 0, id: ID.slice(0, 12), fullId: ID, type: '', cgroup: `/kubepods/pod${UID}/${ID}`, pid: 1 };

describe('metadata: containers and their pods', () => {
  const FIELDS = ['k8s.pod.name', 'k8smeta.deployment.name', 'k8smeta.ns.label[tier]', 'k8smeta.pod.service_account'];

  function follow(server: ApiServer) {
    const entries: Uint8Array[] = [];
    const places = { criSockets: [], dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };
    const kubernetes = { node: 'node1', kubeconfig: server.kubeconfig };
    const directory = new ContainerDirectory((_, entry) => entries.push(entry), { places, kubernetes });
    directory.start();
    const shown = () => containerFields(entries.at(-1) ?? new Uint8Array(), FIELDS);
    return { directory, entries, shown, [Symbol.dispose]: () => directory.close() };
  }

  it('a container whose pod comes later is completed then', async () => {
    await using server = await ApiServer.start();
    addOwners(server);
    using followed = follow(server);
    await until(() => server.watchers > 0);
    followed.directory.ask(NOTICE);
    await until(() => followed.entries.length > 0);
    assert.deepEqual(followed.directory.podState(NOTICE.id), { state: 'pending' });
    server.put(pod());
    await until(() => followed.directory.podState(NOTICE.id)?.state === 'known');
    assert.deepEqual(followed.shown(), ['web-0', 'web', 'front', 'seller']);
    // No runtime knows it, but the kubelet has told the server.
    assert.deepEqual(followed.directory.state(NOTICE.id), { state: 'known' });
    assert.deepEqual(containerFields(followed.entries.at(-1) ?? new Uint8Array(), ['container.image']), [
      'shop/web:v1',
    ]);
    server.put(pod(UID, { name: 'renamed' }));
    await until(() => followed.shown()[0] === 'renamed');
  });

  it('a pod that the server does not know is given up, and the state says so', async () => {
    await using server = await ApiServer.start();
    using followed = follow(server);
    await until(() => server.watchers > 0);
    followed.directory.ask(NOTICE);
    await until(() => followed.directory.podState(NOTICE.id)?.state === 'failed');
    const reason = 'the Kubernetes API server does not know the pod';
    assert.deepEqual(followed.directory.podState(NOTICE.id), { state: 'failed', failure: 'not-known', reason });
    const { podsKnown, podsUnknown } = followed.directory.counters;
    assert.deepEqual({ podsKnown, podsUnknown }, { podsKnown: 0, podsUnknown: 1 });
    // Better late than never.
    server.put(pod());
    await until(() => followed.directory.podState(NOTICE.id)?.state === 'known');
  });

  it('a server that does not answer is not waited for', async () => {
    await using server = await ApiServer.start();
    await server.stop();
    using followed = follow(server);
    await until(() => followed.directory.counters.failures.some(({ source }) => source === 'kubernetes'));
    followed.directory.ask(NOTICE);
    await until(() => followed.entries.length > 0);
    assert.equal(followed.directory.podState(NOTICE.id)?.state, 'failed');
  });
});
