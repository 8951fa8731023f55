// A real API server sends its audit events, with the files of `wasprey audit-config`, to an agent that watches nothing else.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { asArray, at } from '../../host/diagnostics/json-value.ts';
import { Cluster, SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { wasprey } from '../support/command-line.ts';
import { makeDirectory } from '../support/directory.ts';
import { findFalcoFile, missingFalco } from '../support/falco-data.ts';
import { type RunProcess, startWasprey } from '../support/live/run-process.ts';
import { Authority } from '../support/servers/authority.ts';

const RULES = `
- rule: Cluster role binding created
  desc: d
  condition: ka.verb = create and ka.target.resource = clusterrolebindings and ka.response.code startswith 2
  output: binding=%ka.target.name role=%ka.req.binding.role user=%ka.user.name
  priority: WARNING
  source: k8s_audit
- rule: Privileged pod created
  desc: d
  condition: ka.verb = create and ka.target.resource = pods and not ka.target.subresource exists and ka.req.pod.containers.privileged intersects (true)
  output: pod=%ka.target.name images=%ka.req.pod.containers.image user=%ka.user.name
  priority: WARNING
  source: k8s_audit
- rule: Secret read
  desc: d
  condition: ka.verb = get and ka.target.resource = secrets and not ka.user.name startswith "system:"
  output: secret=%ka.target.name user=%ka.user.name object=%ka.req.configmap.obj
  priority: NOTICE
  source: k8s_audit
- rule: Anonymous request
  desc: d
  condition: ka.user.name = "system:anonymous"
  output: uri=%ka.uri decision=%ka.auth.decision code=%ka.response.code
  priority: NOTICE
  source: k8s_audit
- rule: Pod entered
  desc: d
  condition: ka.target.resource = pods and ka.target.subresource = exec
  output: pod=%ka.target.name user=%ka.user.name
  priority: WARNING
  source: k8s_audit
- rule: Pod with a given name
  desc: d
  condition: ka.verb = create and ka.target.resource = pods and jevt.value[/requestObject/metadata/generateName] = given-
  output: pod=%jevt.value[/responseObject/metadata/name]
  priority: WARNING
  source: k8s_audit
`;

const RESPONSES = `
  mode: act
  actions:
  - {name: quarantine, match: {rules: [Pod entered]}, do: label_pod, labels: {quarantine: "true"}, undo_after: 10s}
  - {name: remove, match: {rules: [Pod with*]}, unless: ka.user.name startswith "system:", do: delete_pod}
`;

const directory = makeDirectory();
const place = (name: string): string => join(directory.path, name);
let cluster: Cluster;
let agent: RunProcess;
/** Of the API server. */
let options: readonly string[];

/** In the network of the cluster's node, where the API server is. */
function startAgent(): RunProcess {
  const launcher = ['nsenter', '-t', String(cluster.pid), '-n', '--'];
  const words = ['run', '-c', place('wasprey.yaml'), '--disable-source', 'syscall', '--rule-matching', 'all'];
  return startWasprey(words, { launcher });
}

function alert(rule: string, pattern: RegExp) {
  return agent.until(`${rule}: ${pattern}`, () => agent.alerts(rule).find(({ output }) => pattern.test(output)));
}

before(async () => {
  cluster = await Cluster.start();
  const [receivers, clients] = [new Authority(directory.path, 'receivers'), new Authority(directory.path, 'clients')];
  const [own, client] = [receivers.issue('receiver'), clients.issue('api-server')];
  writeFileSync(place('own.pem'), readFileSync(own.certificate, 'utf8') + readFileSync(own.key, 'utf8'));
  writeFileSync(place('token'), 'secret-of-the-api-server');
  writeFileSync(place('rules.yaml'), RULES);
  writeFileSync(
    place('wasprey.yaml'),
    `rules_files: [${[place('rules.yaml'), findFalcoFile('k8s_audit_rules.yaml') ?? []].flat().join(', ')}]
json_output: true
sources:
  k8s_audit:
    listen: 127.0.0.1:9765
    ssl_certificate: ${place('own.pem')}
    client_ca: ${clients.path}
    token_file: ${place('token')}
kubernetes: {kubeconfig: ${cluster.kubeconfig}}
journal: {enabled: true, folder: ${place('journal')}}
responses:
  folder: ${place('responses')}${RESPONSES}`,
  );
  mkdirSync(place('files'));
  const identity = [
    '--client-certificate',
    client.certificate,
    '--client-key',
    client.key,
    '--token-file',
    place('token'),
  ];
  const words = ['--server', 'https://127.0.0.1:9765/k8s-audit', '--ca', receivers.path, ...identity];
  const made = wasprey('audit-config', place('files'), ...words);
  assert.equal(made.status, 0, made.stderr);
  agent = startAgent();
  await agent.watches();
  // Ten seconds otherwise, too long for a test that waits for the next try. After five tries, each of which waits longer by half, an event is
  // lost: with three seconds an agent has 24 to start.
  options = [...made.stdout.trim().split('\n'), '--audit-webhook-initial-backoff=3s'];
  await cluster.restartApiServer(options);
  await eventually('the service account', async () =>
    (await cluster.kubectl('get', 'serviceaccounts')).includes('default'),
  );
});

after(async () => {
  await cluster?.kubectl('delete', 'clusterrolebindings', '-l', 'test=audit').catch(() => {});
  await cluster?.restartApiServer([]);
  await agent?.[Symbol.asyncDispose]();
  await cluster?.stop();
});

async function bind(name: string): Promise<void> {
  await cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name, labels: { test: 'audit' } },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mallory' }],
    },
  ]);
}

/** How many alerts are about that one. */
function bindings(name: string): number {
  const outputs = agent.alerts('Cluster role binding created').map(({ output }) => output);
  return outputs.filter((output) => output.includes(`binding=${name} `)).length;
}

test('a cluster role binding', async () => {
  await bind('audit-first');
  await alert('Cluster role binding created', /binding=audit-first role=cluster-admin user=admin$/);
});

test('a privileged pod', async () => {
  const security = { securityContext: { privileged: true } };
  const container = { name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command: ['true'], ...security };
  const spec = { restartPolicy: 'Never', containers: [container] };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'strong', namespace: 'default' }, spec }]);
  await alert('Privileged pod created', /pod=strong images=\(registry\.test\/shop\/shell:1\.37\) user=admin$/);
});

test('a secret that is read, without its values', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'safe', namespace: 'default' } };
  await cluster.apply([{ ...secret, stringData: { password: 'hunter2' } }]);
  await cluster.kubectl('get', 'secret', 'safe', '-o', 'yaml');
  const { output } = await alert('Secret read', /secret=safe user=admin/);
  assert.match(output, /object=<NA>$/);
  await cluster.kubectl('delete', 'secret', 'safe');
});

const podOf = (metadata: object, command: readonly string[]) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', ...metadata } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command }],
  },
});

test('a pod that somebody enters is labelled, and its label comes back', async () => {
  await cluster.apply([podOf({ name: 'entered', labels: { app: 'shop' } }, ['sleep', '3600'])]);
  const pod = async (): Promise<unknown> => JSON.parse(await cluster.kubectl('get', 'pod', 'entered', '-o', 'json'));
  const labels = async (): Promise<unknown> => at(await pod(), 'metadata', 'labels');
  await eventually('the pod', async () => at(await pod(), 'status', 'phase') === 'Running');
  await cluster.kubectl('exec', 'entered', '--', 'true');
  await eventually('the label', async () => at(await labels(), 'quarantine') === 'true');
  assert.deepEqual(await labels(), { app: 'shop', quarantine: 'true' });
  // A busy machine takes longer than the alert waits.
  const outcome = /=quarantine: (under way|labelled pod default\/entered: quarantine=true \()/;
  assert.match((await alert('Pod entered', outcome)).output, /pod=entered user=admin /);
  await eventually('its own labels', async () => at(await labels(), 'quarantine') === undefined);
  assert.deepEqual(await labels(), { app: 'shop' });
  await cluster.kubectl('delete', 'pod', 'entered', '--grace-period=0', '--force');
});

test('a pod whose name the API server gave is found by that', async () => {
  const pod = podOf({ generateName: 'given-' }, ['sleep', '3600']);
  const { stdout } = await cluster.run(['kubectl', 'create', '-o', 'name', '-f', '-'], JSON.stringify(pod));
  const name = stdout.trim().replace('pod/', '');
  await alert('Pod with a given name', new RegExp(`pod=${name} `));
  await eventually('its end', async () => !(await cluster.kubectl('get', 'pods')).includes(name));
});

test('an anonymous request', async () => {
  // kubectl would ask for a name.
  const script = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    fetch('https://127.0.0.1:6443/api/v1/namespaces/default/secrets').then(({ status }) => console.log(status));`;
  assert.equal((await cluster.run([process.execPath, '-e', script])).stdout, '403\n');
  await alert('Anonymous request', /uri=\/api\/v1\/namespaces\/default\/secrets decision=forbid code=403$/);
});

test("Falco's own rules fire for the same", { skip: missingFalco('k8s_audit_rules.yaml') }, async () => {
  // Everybody may read that. Without the last slash the policy leaves it out.
  const script = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    fetch('https://127.0.0.1:6443/version/').then(({ status }) => console.log(status));`;
  assert.equal((await cluster.run([process.execPath, '-e', script])).stdout, '200\n');
  await alert('Attach to cluster-admin Role', /user=admin subject=.*mallory/);
  await alert('Create Privileged Pod', /user=admin pod=strong /);
  await alert('K8s Secret Get Successfully', /user=admin secret=safe /);
  await alert('Anonymous Request Allowed', /user=system:anonymous verb=get uri=\/version\/ /);
});

test('what happens while no agent listens comes when one does again, each event once', async () => {
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0, agent.stderr());
  assert.match(
    agent.stderr(),
    /k8s_audit {3}[\d,]+ events received: [\d,]+ evaluated, [\d,]+ received before, 0 dropped/,
  );
  await bind('audit-later');
  agent = startAgent();
  await alert('Cluster role binding created', /binding=audit-later /);
  await bind('audit-last');
  await alert('Cluster role binding created', /binding=audit-last /);
  assert.equal(bindings('audit-later'), 1);
});

test('an API server that was killed and starts again is heard, and repeats nothing', async () => {
  await cluster.restartApiServer(options);
  await bind('audit-anew');
  await alert('Cluster role binding created', /binding=audit-anew /);
  assert.equal(bindings('audit-last'), 1);
});

test('rules are tried on what came, with the same alerts', async () => {
  agent.kill('SIGTERM');
  assert.equal(await agent.ended, 0, agent.stderr());
  const words = ['backtest', place('rules.yaml'), '--rule-matching', 'all', '--on', place('journal'), '--json'];
  const { stdout, stderr } = wasprey(...words);
  assert.notEqual(stdout, '', stderr);
  const tried = asArray(at(JSON.parse(stdout), 'rules')).map((rule) => [at(rule, 'rule'), at(rule, 'alerts')]);
  // Of both agents.
  const pods = tried.find(([rule]) => rule === 'Privileged pod created');
  assert.deepEqual(pods, ['Privileged pod created', 1]);
  const bound = tried.find(([rule]) => rule === 'Cluster role binding created');
  assert.deepEqual(bound, ['Cluster role binding created', 4]);
});
