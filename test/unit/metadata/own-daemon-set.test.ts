// How an agent that ends knows whether it is uninstalled.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnDaemonSet } from '../../../host/metadata/kubernetes/own-daemon-set.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';

const ENVIRONMENT = { POD_NAME: 'w-1', POD_NAMESPACE: 'security', POD_UID: 'u', WASPREY_DAEMONSET: 'wasprey' };
const PATH = '/apis/apps/v1/namespaces/security/daemonsets/wasprey';
const THERE = { metadata: { name: 'wasprey', uid: 'd1' } };

/** Of an agent that started with that DaemonSet. */
async function started(server: ApiServer): Promise<OwnDaemonSet> {
  server.objects.set(PATH, THERE);
  const own = OwnDaemonSet.of({ node: 'n', kubeconfig: server.kubeconfig }, ENVIRONMENT);
  assert.ok(own);
  await own.begin();
  return own;
}

function refuse(server: ApiServer, status: number): void {
  server.intercept = (_, response) => {
    reply(response, status);
    return true;
  };
}

test('it is deleted when it is gone, or going', async () => {
  await using server = await ApiServer.start();
  const own = await started(server);
  assert.equal(await own.isDeleted(), false);
  server.objects.set(PATH, { metadata: { ...THERE.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
  assert.equal(await own.isDeleted(), true);
  server.objects.delete(PATH);
  assert.equal(await own.isDeleted(), true);
});

test('roles and accounts are deleted with it: who could look and may not any more knows', async () => {
  for (const status of [401, 403]) {
    await using server = await ApiServer.start();
    const own = await started(server);
    refuse(server, status);
    assert.equal(await own.isDeleted(), true);
  }
});

test('who never could look does not take that for a deletion', async () => {
  await using server = await ApiServer.start();
  refuse(server, 403);
  assert.equal(await (await started(server)).isDeleted(), false);
});

test('in doubt it is not deleted: no answer, an error, no DaemonSet known', async () => {
  await using server = await ApiServer.start();
  const own = await started(server);
  refuse(server, 500);
  assert.equal(await own.isDeleted(), false);
  const { port } = server;
  await server.stop();
  assert.equal(await own.isDeleted(), false);
  await server.listen(port);
  const place = { node: 'n', kubeconfig: server.kubeconfig };
  assert.equal(OwnDaemonSet.of(place, { ...ENVIRONMENT, WASPREY_DAEMONSET: '' }), undefined);
  assert.equal(OwnDaemonSet.of(place, {}), undefined);
});
