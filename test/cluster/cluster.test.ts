// The cluster itself: that what the other tests stand on is a real Kubernetes that runs pods.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, SHELL_IMAGE } from '../support/cluster/cluster.ts';

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.start();
});
after(() => cluster.stop());

test('a pod runs, and a command in it prints', async () => {
  await cluster.kubectl('run', 'shell', `--image=${SHELL_IMAGE}`, '--command', '--', 'sleep', '1000');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/shell', '--timeout=60s');
  assert.equal(await cluster.kubectl('exec', 'shell', '--', 'hostname'), 'shell\n');
});

test('its pods are in a control group of its own, where the kubelet finds no other pods of the machine', async () => {
  const groups = await cluster.kubectl('exec', 'shell', '--', 'cat', '/proc/self/cgroup');
  assert.match(groups, new RegExp(`:/wasprey-cluster-${cluster.pid}/kubepods/`));
  assert.doesNotMatch(groups, /:\/kubepods/);
});

test('an API server that was stopped comes back', async () => {
  await cluster.stopApiServer();
  await assert.rejects(cluster.kubectl('get', '--raw', '/readyz'));
  await cluster.startApiServer();
  while ((await cluster.kubectl('get', '--raw', '/readyz').catch(() => '')) !== 'ok');
  assert.match(await cluster.kubectl('get', 'pods'), /shell/);
});
