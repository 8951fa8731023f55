// Alerts know their pods on a real cluster: by the runtime, by the API server, without it, and after it was away.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { writePodEvent } from '../../host/metadata/kubernetes/own-pod.ts';
import { Cluster, SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { ClusterApi } from '../support/cluster/cluster-api.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';

const PATIENCE_MS = 30_000;
const RULE = 'Marked file opened';

const FIELDS = [
  'evt.arg.name',
  'container.name',
  'container.type',
  'container.image',
  'container.image.repository',
  'container.image.tag',
  'container.image.digest',
  'container.privileged',
  'container.user',
  'container.env_names',
  'container.mounts',
  'container.host_network',
  'container.start_ts',
  'container.ip',
  'container.cni.json',
  'k8s.pod.name',
  'k8s.ns.name',
  'k8s.pod.uid',
  'k8s.pod.ip',
  'k8s.pod.full_sandbox_id',
  'k8s.pod.labels',
  'k8s.pod.label[app]',
];

const CLUSTER_FIELDS = [
  'k8smeta.pod.labels',
  'k8smeta.pod.annotation[team]',
  'k8smeta.pod.service_account',
  'k8smeta.pod.node',
  'k8smeta.owner.kind',
  'k8smeta.owner.name',
  'k8smeta.ns.uid',
  'k8smeta.ns.label[tier]',
  'k8smeta.deployment.name',
  'k8smeta.deployment.label[app]',
  'k8smeta.rs.name',
];

/** One rule prints what the runtime reports, the other what only the API server knows: it waits for that. */
const ALL_FIELDS_RULE = 'Marked file opened, with owners';
const RULES = [
  [RULE, 'mark-', FIELDS],
  [ALL_FIELDS_RULE, 'owned-', [...FIELDS, ...CLUSTER_FIELDS]],
] as const;
const RULES_TEXT = RULES.map(([rule, begin, fields]) => {
  const condition = `evt.type in (open, openat) and fd.name startswith /tmp/${begin}`;
  const output = fields.map((field) => `%${field}`).join(' ');
  return `- ${JSON.stringify({ rule, desc: 'a test', condition, output, priority: 'WARNING' })}\n`;
}).join('');

let cluster: Cluster;
let api: ClusterApi;
let agent: LiveAgent;

async function startAgent(): Promise<LiveAgent> {
  return await LiveAgent.start([RULES_TEXT], {
    runtimes: { criSockets: [cluster.containerdSocket] },
    kubernetes: api.place,
    ruleMatching: 'all',
    keep: (line) => line.includes('Marked file'),
  });
}

before(async () => {
  cluster = await Cluster.start();
  api = await ClusterApi.open(cluster);
  agent = await startAgent();
});
after(async () => {
  await agent?.stop();
  api?.close();
  await cluster?.stop();
});

/** The first value that is not undefined. */
async function until<T>(what: string, value: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await value();
    if (found !== undefined) return found;
    if (performance.now() > deadline) assert.fail(`${what} did not come; ${agent.product.state()}`);
    await pause(50);
  }
}

/** The alert of a file that a pod has opened under that mark. */
async function alertOf(mark: string, rule = RULE): Promise<AlertLine> {
  return await until(`the alert of ${mark}`, () =>
    agent.alerts(rule).find((alert) => String(alert.output_fields['evt.arg.name']).endsWith(mark)),
  );
}

function shell(name: string, command: string, changed: object = {}): object {
  const container = { name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command: ['sh', '-c', command] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: name } },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [{ ...container, ...changed }] },
  };
}

const count = (kind: string) =>
  agent.product
    .summary()
    .containers.failures.find((failure) => failure.source === 'kubernetes' && failure.kind === kind)?.count ?? 0;

const serverTroubles = () => agent.product.troubles.filter((line) => line.includes('API server'));

test("an alert about the first file that a pod opens has all of the pod's fields, and its deployment's", async () => {
  await cluster.addNamespace('shop', { tier: 'front' });
  const labels = { app: 'web', 'app.kubernetes.io/part-of': 'shop' };
  await cluster.apply([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels, annotations: { team: 'blue' } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: 'main',
                image: SHELL_IMAGE,
                imagePullPolicy: 'Never',
                command: ['sh', '-c', ': > /tmp/owned-first; exec sleep 1000'],
                env: [{ name: 'PASSWORD', value: 'not to be seen' }],
                securityContext: { privileged: true, runAsUser: 1234 },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', emptyDir: {} }],
          },
        },
      },
    },
  ]);
  const { output_fields: fields, line } = await alertOf('owned-first', ALL_FIELDS_RULE);
  await cluster.kubectl('wait', '-n', 'shop', '--for=condition=Ready', 'pod', '-l', 'app=web', '--timeout=60s');
  const pod = JSON.parse(await cluster.kubectl('get', 'pods', '-n', 'shop', '-l', 'app=web', '-o', 'json')).items[0];
  const namespace = JSON.parse(await cluster.kubectl('get', 'namespace', 'shop', '-o', 'json'));
  const expected = {
    'container.name': 'main',
    'container.type': 'containerd',
    'container.image': SHELL_IMAGE,
    'container.image.repository': 'registry.test/shop/shell',
    'container.image.tag': '1.37',
    'container.privileged': true,
    'container.user': '1234',
    'container.host_network': false,
    'container.ip': pod.status.podIP,
    'k8s.pod.name': pod.metadata.name,
    'k8s.ns.name': 'shop',
    'k8s.pod.uid': pod.metadata.uid,
    'k8s.pod.ip': pod.status.podIP,
    'k8s.pod.label[app]': 'web',
    'k8smeta.pod.annotation[team]': 'blue',
    'k8smeta.pod.service_account': 'default',
    'k8smeta.pod.node': 'node1',
    'k8smeta.owner.kind': 'Deployment',
    'k8smeta.owner.name': 'web',
    'k8smeta.ns.uid': namespace.metadata.uid,
    'k8smeta.ns.label[tier]': 'front',
    'k8smeta.deployment.name': 'web',
    'k8smeta.deployment.label[app]': 'web',
    'k8smeta.rs.name': pod.metadata.ownerReferences[0].name,
  };
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]]));
  assert.deepEqual(actual, expected);
  assert.match(String(fields['k8s.pod.labels']), /app:web.*app\.kubernetes\.io\/part-of:shop/);
  assert.match(String(fields['container.mounts']), /:\/data:.*:true:/);
  assert.match(String(fields['container.cni.json']), /"eth0":.*10\.244\.0\./);
  assert.match(String(fields['k8s.pod.full_sandbox_id']), /^[0-9a-f]{64}$/);
  const names = fields['container.env_names'];
  assert.ok(Array.isArray(names) && names.includes('PASSWORD'), String(names));
  assert.ok(!line.includes('not to be seen'));
  // Nothing that it asks for is denied.
  assert.deepEqual(serverTroubles(), []);
});

test("an event on the agent's pod is shown with the pod", async () => {
  const pod = { name: 'agent-pod', namespace: 'default', uid: 'its-uid' };
  await writePodEvent(api.place, pod, {
    type: 'Warning',
    reason: 'RulesRefused',
    message: 'unknown field fd.nam',
  });
  const shown = await cluster.kubectl('get', 'events', '--field-selector', 'involvedObject.name=agent-pod');
  assert.match(shown, /Warning +RulesRefused +pod\/agent-pod +unknown field fd\.nam/);
});

test('labels that are changed while a pod runs are those that alerts have', async () => {
  const name = (await cluster.kubectl('get', 'pods', '-n', 'shop', '-l', 'app=web', '-o', 'name')).trim();
  await cluster.kubectl('label', '-n', 'shop', name, 'quarantine=yes');
  await until('the new label', async () => {
    const mark = `mark-label-${performance.now()}`;
    await cluster.kubectl('exec', '-n', 'shop', name, '--', 'sh', '-c', `: > /tmp/${mark}`);
    const alert = await alertOf(mark);
    return String(alert.output_fields['k8s.pod.labels']).includes('quarantine:yes') ? true : undefined;
  });
});

test('a server that was restarted, so that the watch is too old, is followed on', async () => {
  // No pod's: after its restart the server knows changes from the latest on.
  await cluster.kubectl('create', 'configmap', 'later');
  await cluster.stopApiServer();
  await until('the first failure', () => (count('unreachable') > 0 ? true : undefined));
  await cluster.startApiServer();
  await until('the server', async () =>
    (await cluster.kubectl('get', '--raw', '/readyz').catch(() => '')) === 'ok' ? true : undefined,
  );
  await cluster.apply([shell('after-restart', ': > /tmp/owned-restart; exec sleep 1000')]);
  const { output_fields: fields } = await alertOf('owned-restart', ALL_FIELDS_RULE);
  assert.deepEqual(
    [fields['k8s.pod.name'], fields['k8smeta.pod.node'], fields['k8smeta.ns.label[tier]']],
    ['after-restart', 'node1', 'front'],
  );
  assert.ok(count('expired') >= 1);
  assert.equal(serverTroubles().length, 1, agent.product.state());
});

test('a token that is refused is read anew from its file', async () => {
  const before = count('denied');
  await api.newAccount();
  // The server remembers for ten seconds whom it has let in.
  await until('a refusal', async () => {
    api.disconnect();
    await pause(1500);
    return count('denied') > before ? true : undefined;
  });
  await api.newToken();
  await cluster.apply([shell('after-token', ': > /tmp/owned-token; exec sleep 1000')]);
  await until('the pod', async () => {
    const mark = `owned-token-${performance.now()}`;
    const ran = await cluster
      .kubectl('exec', '-n', 'shop', 'after-token', '--', 'sh', '-c', `: > /tmp/${mark}`)
      .catch(() => undefined);
    if (ran === undefined) return undefined;
    const { output_fields: fields } = await alertOf(mark, ALL_FIELDS_RULE);
    return fields['k8smeta.pod.node'] === 'node1' ? true : undefined;
  });
});

test('without the API server, and after a restart of the agent, the runtime reports pods', async () => {
  await cluster.apply([shell('steady', 'while :; do : > /tmp/mark-steady; sleep 0.2; done')]);
  const uid = await cluster.kubectl('get', 'pod', '-n', 'shop', 'steady', '-o', 'jsonpath={.metadata.uid}');
  const known = (alert: AlertLine) =>
    ['k8s.pod.name', 'k8s.ns.name', 'k8s.pod.uid', 'container.image', 'k8s.pod.label[app]'].map(
      (name) => alert.output_fields[name],
    );
  const expected = ['steady', 'shop', uid, SHELL_IMAGE, 'steady'];
  assert.deepEqual(known(await alertOf('mark-steady')), expected);
  await cluster.stopApiServer();
  await agent.stop();
  agent = await startAgent();
  assert.deepEqual(known(await alertOf('mark-steady')), expected);
  await cluster.startApiServer();
});
