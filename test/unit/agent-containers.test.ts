// Alerts and conditions of a container whose runtime has yet to answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../support/built-agent.ts';
import { startCriRuntime } from '../support/cri-runtime.ts';
import { startDockerEngine } from '../support/docker-engine.ts';

const ID = '3f1a5b0c9d2e'.padEnd(64, '0');
const CGROUP = `/system.slice/docker-${ID}.scope`;
const IMAGE_ID = `sha256:${'ab'.repeat(32)}`;
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
  await using docker = await startDockerEngine(ANSWERS, 60);
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes });
  built.agent.inject([processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  assert.equal(line.replace(/^\S+: Warning /, ''), FOUND);
  const { held, heldInVain } = built.agent.summary().alerts;
  assert.deepEqual({ held, heldInVain }, { held: 1, heldInVain: 0 });

  // By now the sandbox's own entry has it.
  built.agent.inject([], [shadowRead(1)]);
  const [, later = ''] = await built.waitForLines(2);
  assert.equal(later.replace(/^\S+: Warning /, ''), FOUND);
  assert.equal(built.agent.summary().alerts.held, 1);
});

test("a condition on what the runtime tells is true of a container's first event", async () => {
  await using docker = await startDockerEngine(ANSWERS, 30);
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(JUDGES)], { runtimes });
  built.agent.inject([processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
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
  built.agent.inject([processImage(1, { cgroup: `/kubepods/podx/${ID}` })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  assert.equal(line.replace(/^\S+: Warning /, ''), 'web (app:shop,tier:web) (PATH,TOKEN)');
});

test('a runtime that never answers costs an alert a second, not the alert', async () => {
  await using docker = await startDockerEngine({ [`/containers/${ID}/json`]: undefined });
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes });
  const began = performance.now();
  built.agent.inject([processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  const [line = ''] = await built.waitForLines(1);
  const took = performance.now() - began;
  assert.ok(took > 900 && took < 2000, `${took} ms`);
  assert.match(line, /: Warning 3f1a5b0c9d2e <NA> <NA>\|<NA>\|<NA> <NA> <NA> <NA> <NA> docker pod=<NA>$/);
});

test('a stop does not wait for runtimes, and loses no alert that does', async () => {
  await using docker = await startDockerEngine({ [`/containers/${ID}/json`]: undefined });
  const runtimes = { ...NOWHERE, dockerSocket: docker.socket };
  await using built = await startBuiltAgent([await moduleOf(PRINTS)], { runtimes });
  built.agent.inject([processImage(1, { cgroup: CGROUP })], [shadowRead(1)]);
  while (built.agent.summary().alerts.held === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const began = performance.now();
  await built.agent.stop();
  assert.ok(performance.now() - began < 500);
  assert.equal(built.lines().length, 1);
});
