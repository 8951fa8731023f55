// Who ran kubectl exec, where the audit events go to a receiver in its Deployment and the session is on a node: the agent gets the requests by its stream.
// The API server sends events up to ten seconds late. The receiver is away, the agent starts again, an event comes twice.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { asArray, asObject, asText, at } from '../../host/diagnostics/json-value.ts';
import { coverageIn } from '../../host/journal/stream-state-file.ts';
import { AgentCluster, eventually, NAMESPACE } from '../support/cluster/cluster-agent.ts';
import { webPod } from '../support/cluster/shop.ts';
import { wasprey } from '../support/command-line.ts';
import { makeDirectory } from '../support/directory.ts';

const ADDRESS = '10.96.0.77';
const RECEIVER = 'receiver';
const SERVICE = 'receiver-wasprey-audit';
/** A request may begin a process within two minutes, clocks may be apart, and events may be under way for half a minute. */
const UNTIL_EXACT_MS = 240_000;

const RULES = `
- {rule: Exec, desc: d, condition: ka.target.subresource = exec, output: by %ka.user.name, priority: NOTICE, source: k8s_audit}
`;
/** Of the agents. */
const ENTERED = 'Entered';
const NODE_RULES = `
- rule: ${ENTERED}
  desc: d
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.name = sh and container and proc.cmdline contains "cat /"
  output: "%proc.cmdline: %k8s.session.match %k8s.user.name"
  priority: NOTICE
`;

const GROUP = 'rbac.authorization.k8s.io';
const OBJECTS = [
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'Role',
    metadata: { name: 'entering', namespace: 'shop' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['create', 'get'] },
    ],
  },
  {
    apiVersion: `${GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'entering', namespace: 'shop' },
    roleRef: { apiGroup: GROUP, kind: 'Role', name: 'entering' },
    subjects: [{ apiGroup: GROUP, kind: 'Group', name: 'shop' }],
  },
  webPod(),
];

const directory = makeDirectory();
const place = (name: string): string => join(directory.path, name);
const journal = place('journal');
let agents: AgentCluster;
let receiving: number;

before(async () => {
  agents = await AgentCluster.start();
  const { cluster } = agents;
  await agents.install(
    {
      controller: { kind: 'deployment' },
      customRules: { 'audit.yaml': RULES },
      k8sAudit: {
        service: { clusterIP: ADDRESS },
        agents: { enabled: true, serviceAccounts: [`${NAMESPACE}/wasprey`] },
      },
    },
    RECEIVER,
  );
  receiving = Date.now();
  await cluster.restartApiServer(await auditOptions());
  await cluster.addNamespace('shop');
  await cluster.apply(OBJECTS);
  await agents.install({
    // Alerts wait until what the receiver sends is certain.
    falco: { json_output: true, journal: { enabled: true, folder: journal }, kubernetes: { user_wait: '50s' } },
    customRules: { 'node.yaml': NODE_RULES },
    sessions: { receiver: { url: `https://${ADDRESS}:9766`, authority: { configMapName: `${SERVICE}-ca` } } },
  });
  agents.alerts.follow(await agents.readyPod());
  await cluster.kubectl('wait', '-n', 'shop', '--for=condition=Ready', '--timeout=60s', 'pod/web');
});

after(async () => {
  await agents?.cluster.restartApiServer([]);
  await agents?.stop();
  directory.remove();
});

/** Of the API server, by the files of `wasprey audit-config`: batches are sent ten seconds late. */
async function auditOptions(): Promise<string[]> {
  for (const [key, file] of [
    ['ca.crt', 'ca.crt'],
    ['token', 'token'],
  ] as const) {
    const path = `jsonpath={.data.${key.replace('.', '\\.')}}`;
    const encoded = await agents.kubectl('get', 'secret', SERVICE, '-o', path);
    writeFileSync(place(file), Buffer.from(encoded, 'base64'));
  }
  mkdirSync(place('files'));
  const words = [
    '--server',
    `https://${ADDRESS}:9765/k8s-audit`,
    '--ca',
    place('ca.crt'),
    '--token-file',
    place('token'),
  ];
  const made = wasprey('audit-config', place('files'), ...words);
  assert.equal(made.status, 0, made.stderr);
  // After five tries, each of which waits longer by half, an event is lost: a receiver has 48 seconds to start, on a machine that has other work too.
  const late = ['--audit-webhook-batch-max-wait=10s', '--audit-webhook-initial-backoff=6s'];
  return [
    ...made.stdout
      .trim()
      .split('\n')
      .filter((option) => !option.includes('max-wait')),
    ...late,
  ];
}

async function exec(user: string, mark: string): Promise<void> {
  const config = join(agents.cluster.state, `certificates/${user}.conf`);
  const words = [
    'kubectl',
    '--kubeconfig',
    config,
    'exec',
    '-n',
    'shop',
    'web',
    '--',
    'sh',
    '-c',
    `cat /${mark}; true`,
  ];
  await agents.cluster.run(words);
}

/** What `wasprey activity --user USER` prints in the agent's pod. */
async function activity(user: string): Promise<readonly unknown[]> {
  const pod = await agents.readyPod();
  const words = [
    'wasprey',
    'activity',
    '-c',
    '/etc/wasprey/config/wasprey.yaml',
    '--json',
    '--since',
    '1h',
    '--user',
    user,
  ];
  const printed = await agents.kubectl('exec', pod, '--', ...words);
  return printed.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as unknown] : []));
}

/** The session whose command has that mark. */
async function session(user: string, mark: string): Promise<unknown> {
  return (await activity(user)).find(
    (each) => at(each, 'session') !== undefined && JSON.stringify(each).includes(`/${mark};`),
  );
}

test('wasprey activity names the user of a kubectl exec, and for sure only when all that could be another is known', async () => {
  await exec('alice', 'early');
  const early = await eventually('the request', () => session('alice', 'early'));
  assert.deepEqual(
    [at(early, 'kubernetes', 'match'), asArray(at(early, 'kubernetes', 'candidates')).map((user) => at(user, 'name'))],
    ['ambiguous', ['alice']],
    'the receiver was not there two minutes before',
  );
  await sleep(Math.max(0, receiving + 130_000 - Date.now()));
  await Promise.all([exec('alice', 'first'), exec('bob', 'second')]);
  for (const [user, mark] of [
    ['alice', 'first'],
    ['bob', 'second'],
  ] as const) {
    const found = await eventually(
      `the user of ${mark}`,
      async () => {
        const each = await session(user, mark);
        return at(each, 'kubernetes', 'match') === 'exact' && each;
      },
      UNTIL_EXACT_MS,
    );
    assert.equal(at(found, 'kubernetes', 'user', 'name'), user);
    assert.equal(at(found, 'container', 'pod'), 'web');
    const alert = await agents.alerts.find(
      mark,
      ({ rule, output }) => rule === ENTERED && output.includes(`/${mark};`),
    );
    assert.deepEqual([alert.output_fields['k8s.session.match'], alert.output_fields['k8s.user.name']], ['exact', user]);
  }
  assert.equal(at(await session('alice', 'early'), 'kubernetes', 'match'), 'ambiguous');
  assert.equal(await session('bob', 'first'), undefined);
});

test('an event that comes twice changes nothing', async () => {
  const before = await activity('alice');
  const lines = readFileSync(join(journal, 'pod-requests.jsonl'), 'utf8').trim().split('\n');
  // An API server would not send it anew with another annotation: byte by byte the same is not even evaluated.
  const items = lines.map((line) => {
    const event: unknown = JSON.parse(line);
    const annotations = { ...asObject(at(event, 'annotations')), again: 'yes' };
    return { ...asObject(event), apiVersion: 'audit.k8s.io/v1', annotations };
  });
  writeFileSync(place('list.json'), JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items }));
  const script = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    const { readFileSync } = require('node:fs');
    const headers = { 'content-type': 'application/json', authorization: 'Bearer ' + readFileSync('${place('token')}', 'utf8') };
    fetch('https://${ADDRESS}:9765/k8s-audit', { method: 'POST', headers, body: readFileSync('${place('list.json')}') })
      .then(({ status }) => { console.log(status); process.exit(); });`;
  assert.equal((await agents.cluster.run([process.execPath, '-e', script])).stdout.trim(), '200');
  await eventually('that they came', async () => {
    const pod = await agents.readyPod('', RECEIVER);
    const status = await agents.kubectl('exec', pod, '--', 'wasprey', 'status');
    const [, count = '0'] = /^ *requests to enter pods: duplicate +(\d+)$/m.exec(status) ?? [];
    return Number(count) >= lines.length;
  });
  const names = (all: readonly unknown[]) =>
    all.map((each) => [at(each, 'session'), at(each, 'request'), at(each, 'kubernetes', 'user', 'name')]);
  assert.deepEqual(names(await activity('alice')), names(before));
});

test('an agent that starts again gets what it missed, without a gap', async () => {
  const spans = (await coverageIn(journal))?.spans.length;
  const select = (away: string | null) => {
    const patch = { spec: { template: { spec: { nodeSelector: { away } } } } };
    return agents.kubectl('patch', 'daemonset', 'wasprey', '-p', JSON.stringify(patch));
  };
  const before = await agents.readyPod();
  await select('yes');
  await agents.kubectl('wait', '--for=delete', '--timeout=180s', `pod/${before}`);
  await exec('bob', 'meanwhile');
  await select(null);
  await agents.readyPod(before);
  const request = await eventually('the request of meanwhile', async () =>
    readFileSync(join(journal, 'pod-requests.jsonl'), 'utf8')
      .split('\n')
      .find((line) => line.includes('meanwhile')),
  );
  assert.equal(asText(at(JSON.parse(request), 'user', 'username')), 'bob');
  assert.equal((await coverageIn(journal))?.spans.length, spans);
});

test('what happens while the receiver is away has no certain name, whatever comes later', async () => {
  const scale = (replicas: number) =>
    agents.kubectl('scale', 'deployment', `${RECEIVER}-wasprey`, `--replicas=${replicas}`);
  await scale(0);
  await eventually(
    'no receiver',
    async () =>
      (await agents.kubectl('get', 'pods', '-l', `app.kubernetes.io/instance=${RECEIVER}`, '-o', 'name')) === '',
  );
  await exec('alice', 'away');
  const status = await agents
    .kubectl('exec', await agents.readyPod(), '--', 'wasprey', 'status')
    .catch(({ stdout }) => stdout);
  assert.match(String(status), /no requests to enter pods come from/);
  await scale(1);
  // The API server sends again what it could not.
  const found = await eventually('the request', () => session('alice', 'away'));
  assert.equal(at(found, 'kubernetes', 'match'), 'ambiguous');
  await eventually(
    'a span after it',
    async () => ((await coverageIn(journal))?.spans.length ?? 0) >= 2,
    UNTIL_EXACT_MS,
  );
  assert.equal(at(await session('alice', 'away'), 'kubernetes', 'match'), 'ambiguous');
  assert.equal(at(await session('alice', 'first'), 'kubernetes', 'match'), 'exact');
});

test('nobody gets a stream with another token', async () => {
  const token = await agents.kubectl(
    'get',
    'secrets',
    '-o',
    'jsonpath={range .items[*]}{.metadata.annotations.kubernetes\\.io/service-account\\.name} {.data.token}{"\\n"}{end}',
  );
  const own =
    token
      .split('\n')
      .find((line) => line.startsWith('wasprey '))
      ?.split(' ')[1] ?? '';
  assert.notEqual(own, '');
  // The old kind of token, of the right account: it is bound to no pod.
  for (const given of [Buffer.from(own, 'base64').toString(), 'a.b.c']) {
    const script = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      fetch('https://${ADDRESS}:9766/pod-requests', { headers: { authorization: 'Bearer ${given}' } })
        .then(({ status }) => { console.log(status); process.exit(); });`;
    assert.match((await agents.cluster.run([process.execPath, '-e', script])).stdout, /^40[13]$/m);
  }
});
