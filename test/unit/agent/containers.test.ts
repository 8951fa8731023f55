// Alerts and conditions of a container whose runtime has yet to answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownMetrics } from '../../../host/daemon/metrics/own-metrics.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/records/built-agent.ts';
import { inject } from '../../support/records/inject.ts';
import { ApiServer, reply } from '../../support/servers/api-server.ts';
import { startCriRuntime } from '../../support/servers/cri-runtime.ts';
import { startDockerEngine } from '../../support/servers/docker-engine.ts';
import { until } from '../../support/until.ts';

const ID = '3f1a5b0c9d2e'.padEnd(64, '0');
const CGROUP = `/system.slice/docker-${ID}.scope`;
const IMAGE_ID = `sha256:${'ab'.repeat(32)}`;
/** Longer than any test takes: what waits goes on by an answer, not by the clock. */
const PATIENT = { milliseconds: 20_000 };
const NOWHERE = { criSockets: [], dockerSocket: '/nonexistent', podmanSocket: '/nonexistent', runcRoots: [] };

const ANSWERS = {
  [`/containers/${ID}/json`]: {
    Name: '/web',
    Image: IMAGE_ID,
    Config: {
      Image: 'registry.example:5000/shop/web:v1.2',
      Labels: { app: 'shop', 'io.kubernetes.pod.name': 'web-0' },
    },
    HostConfig: { Privileged: true },
    State: { StartedAt: '2026-11-24T13:53:08.365763965Z' },
    Mounts: [{ Source: '/data', Destination: '/var/lib/data', Mode: 'z', RW: true, Propagation: 'rprivate' }],
    NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.2' } } },
  },
  [`/images/${encodeURIComponent(IMAGE_ID)}/json`]: { RepoDigests: ['registry.example:5000/shop/web@sha256:1234'] },
};

const PRINTS = `
- rule: Read in container
  desc: a sensitive file read in a container
  condition: evt.type = openat and container.id != host and fd.name = /etc/shadow
  output: "%container.id %container.name %container.image.repository|%container.image.tag|%container.image.digest %container.privileged
    %container.label[app] %container.mounts %container.ip %container.type pod=%k8s.pod.name"
  priority: WARNING
`;

const JUDGES = `
- rule: Read in the shop
  desc: what the runtime tells decides
  condition: evt.type = openat and container.image.repository endswith /shop/web
  output: "%container.name read %fd.name"
  priority: WARNING
`;

const FOUND =
  '3f1a5b0c9d2e web registry.example:5000/shop/web|v1.2|sha256:1234 true shop /data:/var/lib/data:z:true:rprivate 172.17.0.2 docker pod=web-0';

test('an alert waits for what the runtime tells', async () => {
  const runtime = Promise.withResolvers<void>();
  await using docker = await startDockerEngine(ANSWERS, runtime.promise);
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes, hold: PATIENT });
  inject(built.agent, [processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  await until(() => built.agent.summary().alerts.held === 1);
  assert.deepEqual(built.lines(), []);
  assert.equal(built.agent.summary().containers.pending, 1);
  runtime.resolve();
  const [line = ''] = await built.waitForLines(1);
  assert.equal(built.agent.summary().containers.pending, 0);
  assert.equal(line.replace(/^\S+: Warning /, ''), FOUND);
  const { held, heldInVain } = built.agent.summary().alerts;
  assert.deepEqual({ held, heldInVain }, { held: 1, heldInVain: 0 });

  // By now the sandbox's own entry has it.
  inject(built.agent, [], [shadowRead(1)]);
  const [, later = ''] = await built.waitForLines(2);
  assert.equal(later.replace(/^\S+: Warning /, ''), FOUND);
  assert.equal(built.agent.summary().alerts.held, 1);
});

test('an alert that waits is reported in the words of the rules that raised it, whatever the rules are by then', async () => {
  const runtime = Promise.withResolvers<void>();
  await using docker = await startDockerEngine(ANSWERS, runtime.promise);
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  const other = await moduleOf(PRINTS.replace('Read in container', 'Another').replace('%container.id ', 'other '));
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes, hold: PATIENT });
  const { agent } = built;
  inject(agent, [processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  await until(() => agent.summary().alerts.held > 0);
  await agent.replaceRules([other]);
  assert.deepEqual(built.lines(), [], 'it waits still');
  inject(agent, [], [shadowRead(1)]);
  runtime.resolve();
  const lines = (await built.waitForLines(2)).map((line) => line.replace(/^\S+: Warning /, ''));
  assert.deepEqual(lines.toSorted(), [FOUND, FOUND.replace('3f1a5b0c9d2e', 'other')]);
  assert.deepEqual(
    built
      .jsonLines()
      .map((line) => JSON.parse(line).rule)
      .toSorted(),
    ['Another', 'Read in container'],
  );
});

test("a condition on what the runtime tells is true of a container's first event", async () => {
  await using docker = await startDockerEngine(ANSWERS, 30);
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(JUDGES)], { runtimes });
  inject(built.agent, [processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  assert.match(line, /: Warning web read \/etc\/shadow$/);
});

const READS_POD = `
- rule: Read in the shop's pod
  desc: lists, labels and namespaces of the container decide
  condition: >
    evt.type = openat and k8smeta.pod.labels intersects (app:shop) and k8smeta.pod.labels in (app:shop, tier:web)
    and not k8smeta.pod.labels intersects (app:web) and k8s.pod.label[app] = shop and container.label[app] = other
    and container.env_names intersects (TOKEN) and container.host_pid = true and container.host_ipc = false
    and container.user = 1000 and not k8smeta.ns.labels exists and not container.cni.json exists
  output: "%container.name %k8smeta.pod.labels %container.env_names"
  priority: WARNING
`;

test('conditions read the lists, labels and namespaces that a runtime with CRI tells', async () => {
  const labels = { app: 'other', 'io.kubernetes.pod.uid': 'u' };
  const info = {
    sandboxID: 'sandbox',
    runtimeSpec: { process: { user: { uid: 1000 }, env: ['PATH=/bin', 'TOKEN=1'] } },
  };
  await using cri = await startCriRuntime({
    Version: () => ({ runtime_name: 'containerd' }),
    ListContainers: () => ({}),
    ContainerStatus: () => ({
      status: { id: ID, metadata: { name: 'web' }, labels },
      info: { info: JSON.stringify(info) },
    }),
    PodSandboxStatus: () => ({
      status: { id: 'sandbox', labels: { app: 'shop', tier: 'web' }, linux: { namespaces: { options: { pid: 2 } } } },
    }),
    ImageStatus: () => ({}),
  });
  const runtimes = { ...NOWHERE, criSockets: [cri.socket] };
  await using built = await startBuiltAgent([await moduleOf(READS_POD)], { runtimes });
  inject(built.agent, [processImage(1, { cgroup: `/kubepods/podx/${ID}` })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  assert.equal(line.replace(/^\S+: Warning /, ''), 'web (app:shop,tier:web) (PATH,TOKEN)');
});

const PRINTS_POD = `
- rule: Read in a pod
  desc: its deployment comes from the API server, after the runtime has reported the container
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%container.name %k8s.pod.name %k8smeta.deployment.name %k8smeta.ns.label[tier]"
  priority: WARNING
- rule: Read in a container
  desc: what the runtime tells is enough
  condition: evt.type = openat and fd.name = /etc/passwd
  output: "%container.name %k8s.pod.name"
  priority: WARNING
`;

const POD_UID = '0d7b5c2e-6f4c-4b4c-9a54-1f1f6d8f2b11';

/**
 * Knows the container, and its pod by that uid.
 * @param told what it waits for before it tells so
 */
function podRuntime(uid: string, told: Promise<void> = Promise.resolve()) {
  const labels = { 'io.kubernetes.pod.uid': uid, 'io.kubernetes.pod.name': 'web-0' };
  return startCriRuntime({
    Version: () => ({ runtime_name: 'containerd' }),
    ListContainers: () => ({}),
    ContainerStatus: () => told.then(() => ({ status: { id: ID, metadata: { name: 'web' }, labels } })),
    ImageStatus: () => ({}),
  });
}

/**
 * The pod of deployment `web`.
 * @param told what the server waits for before it answers for the namespace
 */
async function putPod(api: ApiServer, told: Promise<void>): Promise<void> {
  const owner = { kind: 'Deployment', name: 'web', uid: 'd', controller: true };
  api.objects.set('/api/v1/namespaces/shop', { metadata: { name: 'shop', uid: 'n', labels: { tier: 'front' } } });
  await until(() => api.watchers > 0);
  api.intercept = (url, response) => {
    if (!url.pathname.startsWith('/api/v1/namespaces/')) return false;
    void told.then(() => reply(response, 200, api.objects.get(url.pathname)));
    return true;
  };
  api.put({ metadata: { name: 'web-0', uid: POD_UID, namespace: 'shop', ownerReferences: [owner] } });
}

test('an alert waits for the API server if it prints what only that can tell', async () => {
  const [runtime, server] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using api = await ApiServer.start();
  await using cri = await podRuntime(POD_UID, runtime.promise);
  const runtimes = { ...NOWHERE, criSockets: [cri.socket] };
  const kubernetes = { node: 'node1', kubeconfig: api.kubeconfig };
  await using built = await startBuiltAgent([await moduleOf(PRINTS_POD)], { runtimes, kubernetes, hold: PATIENT });
  await putPod(api, server.promise);
  const passwd = { name: '/etc/passwd', raw: '/etc/passwd', resolved: '/etc/passwd' };
  const reads = [shadowRead(1), shadowRead(1, passwd)];
  inject(built.agent, [processImage(1, { cgroup: `/kubepods/pod${POD_UID}/${ID}` })], reads);
  // The agent asks about the container before it reports matches: an answer that came in between would leave nothing to wait for.
  await until(() => built.agent.summary().alerts.held === 2);
  assert.deepEqual(built.lines(), []);
  const alerts = (lines: readonly string[]) => lines.map((line) => line.replace(/^\S+: Warning /, ''));
  runtime.resolve();
  assert.deepEqual(alerts(await built.waitForLines(1)), ['web web-0']);
  server.resolve();
  assert.deepEqual(alerts(await built.waitForLines(2)), ['web web-0', 'web web-0 web front']);
  const { held, heldInVain } = built.agent.summary().alerts;
  assert.deepEqual({ held, heldInVain }, { held: 2, heldInVain: 0 });

  // By now the sandbox's own entry has it.
  inject(built.agent, [], [shadowRead(1)]);
  const [, , third = ''] = await built.waitForLines(3);
  assert.match(third, /: Warning web web-0 web front$/);
  assert.equal(built.agent.summary().alerts.held, 2);
});

const JUDGES_POD = `
- rule: Read in the deployment
  desc: what the API server tells decides
  condition: evt.type = openat and k8smeta.deployment.name = web and k8smeta.ns.label[tier] = front
  output: "of %k8smeta.deployment.name"
  priority: WARNING
- rule: Read elsewhere
  desc: the same the other way round
  condition: evt.type = openat and container.id != host and not k8smeta.deployment.name = web
  output: "not of %k8smeta.deployment.name"
  priority: WARNING
`;

test('an event waits for the API server if any rule reads what only that can tell', async () => {
  const server = Promise.withResolvers<void>();
  await using api = await ApiServer.start();
  await using cri = await podRuntime(POD_UID);
  const runtimes = { ...NOWHERE, criSockets: [cri.socket] };
  const kubernetes = { node: 'node1', kubeconfig: api.kubeconfig };
  await using built = await startBuiltAgent([await moduleOf(JUDGES_POD)], { runtimes, kubernetes, hold: PATIENT });
  await putPod(api, server.promise);
  inject(built.agent, [processImage(1, { cgroup: `/kubepods/pod${POD_UID}/${ID}` })], [shadowRead(1)]);
  await until(() => built.agent.summary().containers.known === 1 && built.agent.summary().engine?.hold.total === 1);
  assert.deepEqual(built.lines(), []);
  server.resolve();
  await built.waitForLines(1);
  const { engine } = await built.agent.stop();
  assert.deepEqual(
    built.lines().map((line) => line.replace(/^\S+: Warning /, '')),
    ['of web'],
  );
  assert.deepEqual([engine?.hold.total, engine?.hold.ended.known], [1, 1]);
});

test('an API server that does not know the pod costs the alert a moment, not what the runtime knows', async () => {
  await using api = await ApiServer.start();
  await using cri = await podRuntime('not known');
  const runtimes = { ...NOWHERE, criSockets: [cri.socket] };
  const kubernetes = { node: 'node1', kubeconfig: api.kubeconfig };
  await using built = await startBuiltAgent([await moduleOf(PRINTS_POD)], { runtimes, kubernetes });
  await until(() => api.watchers > 0);
  inject(built.agent, [processImage(1, { cgroup: `/kubepods/podx/${ID}` })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  assert.match(line, /: Warning web web-0 <NA> <NA> container.metadata=pod-not-known$/);
  assert.equal(built.agent.summary().containers.podsUnknown, 1);
});

test('a runtime that never answers costs an alert a second, not the alert', async () => {
  await using docker = await startDockerEngine({ [`/containers/${ID}/json`]: undefined });
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes });
  const began = performance.now();
  inject(built.agent, [processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  const took = performance.now() - began;
  assert.ok(took > 900, `${took} ms`);
  assert.match(
    line,
    /: Warning 3f1a5b0c9d2e <NA> <NA>\|<NA>\|<NA> <NA> <NA> <NA> <NA> docker pod=<NA> container.metadata=timed-out$/,
  );
  await until(() => built.agent.summary().containers.unknown > 0);
  const failures = ownMetrics(built.agent.summary()).find(({ name }) => name === 'wasprey_metadata_failures_total');
  assert.deepEqual(failures?.samples, [{ labels: { source: 'docker', kind: 'timeout' }, value: 1 }]);
});

test('a stop does not wait for runtimes, and loses no alert that does', async () => {
  await using docker = await startDockerEngine({ [`/containers/${ID}/json`]: undefined });
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes });
  inject(built.agent, [processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  await until(() => built.agent.summary().alerts.held > 0);
  await built.agent.stop();
  assert.equal(built.lines().length, 1);
  const failures = ownMetrics(built.agent.summary()).find(({ name }) => name === 'wasprey_metadata_failures_total');
  assert.deepEqual(failures?.samples ?? [], [], 'it waited until the runtime had no time left');
});
