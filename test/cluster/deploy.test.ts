// Wasprey on a real cluster, installed by its chart: from a shell in a pod to the alert, and what an agent may do there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { capabilitiesOf } from '../../host/generate/capabilities.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { AGENT_IMAGE, AgentCluster, eventually, NAMESPACE } from '../support/cluster/cluster-agent.ts';

/** The shop's pod and what it is in. */
const SHOP = { namespace: 'shop', pod: 'till', container: 'front', label: 'checkout' };

const BASE = {
  falco: { json_output: true, capture: { enabled: true, mode: 'all_rules', default_duration: 1000 } },
  metrics: { enabled: true },
};

let agents: AgentCluster;
let pod = '';
before(async () => {
  agents = await AgentCluster.start();
  await agents.install(BASE);
  pod = await agents.readyPod();
  agents.alerts.follow(pod);
});
after(() => agents?.stop());

/** Runs a command in the shop's pod that reads /etc/shadow; `mark` is on its command line. */
async function readShadow(mark: string): Promise<void> {
  const command = ['sh', '-c', `cat /etc/shadow; : ${mark}`];
  await agents.cluster.kubectl('-n', SHOP.namespace, 'exec', SHOP.pod, '--', ...command);
}

function findRead(mark: string) {
  return agents.alerts.find(
    `the read ${mark}`,
    ({ rule, output }) => rule === 'Sensitive file read' && output.includes(mark),
  );
}

test('an agent is ready when it watches, by the modules in its image', async (t) => {
  const log = await agents.kubectl('logs', pod);
  t.diagnostic(/watching by .*/.exec(log)?.[0] ?? log);
  assert.match(log, /watching by \d+ rules/);
  assert.doesNotMatch(log, /rule module/);
});

test('the manifests without helm are taken as they are', async () => {
  const manifests = readFileSync(join(PROJECT, 'deploy/manifests/wasprey-before-1.30.yaml'), 'utf8').replaceAll(
    'wasprey',
    'other',
  );
  const { stdout } = await agents.cluster.run(['kubectl', 'apply', '--dry-run=client', '-f', '-'], manifests);
  assert.match(stdout, /daemonset.apps\/other created/);
  await agents.cluster.run(['kubectl', 'create', 'namespace', 'other']);
  const { stdout: checked } = await agents.cluster.run(['kubectl', 'apply', '--dry-run=server', '-f', '-'], manifests);
  assert.match(checked, /daemonset.apps\/other created \(server dry run\)/);
});

test('a command in a pod is reported, with its pod', async (t) => {
  const { cluster } = agents;
  await cluster.addNamespace(SHOP.namespace);
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: SHOP.pod, namespace: SHOP.namespace, labels: { app: SHOP.label } },
      spec: { containers: [{ name: SHOP.container, image: SHELL_IMAGE, command: ['sleep', '3600'] }] },
    },
  ]);
  await cluster.kubectl('-n', SHOP.namespace, 'wait', '--for=condition=Ready', `pod/${SHOP.pod}`, '--timeout=90s');
  const delays: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await readShadow(`turn-${turn}`);
    const { received, happened, priority, hostname, tags, output_fields: fields } = await findRead(`turn-${turn}`);
    delays.push(received - happened);
    assert.equal(priority, 'Warning');
    assert.equal(hostname, 'node1');
    assert.ok(tags.includes('container'));
    assert.equal(fields['k8s.pod.name'], SHOP.pod);
    assert.equal(fields['k8s.ns.name'], SHOP.namespace);
    assert.equal(fields['container.name'], SHOP.container);
    assert.equal(`${fields['container.image.repository']}:${fields['container.image.tag']}`, SHELL_IMAGE);
  }
  t.diagnostic(`alerts came after ${delays.sort((one, other) => one - other).join(', ')} ms`);
});

/** As in host/captures/AN-ALERT-FIRED.md: the agent's own commands, in its pod. */
async function inAgent(...words: string[]): Promise<string> {
  return agents.kubectl('exec', pod, '--', 'wasprey', ...words, '-c', '/etc/wasprey/config/wasprey.yaml');
}

test("an alert's capture and session are read in the agent's pod", async () => {
  await readShadow('walk');
  const { output_fields: fields } = await findRead('walk');
  const file = String(fields['wasprey.capture']);
  const list = await inAgent('captures');
  assert.ok(list.includes(file), `${file} in ${list}`);
  const page = await eventually('the pod in the report', async () => {
    const html = await inAgent('captures', 'show', file, '--html');
    return html.includes(`pod ${SHOP.namespace}/${SHOP.pod}`) && html;
  });
  assert.match(page, /^<!doctype html>/i);
  // The journal writes a block in 0.8 s.
  const sessions = await eventually('the session', async () => {
    const text = await inAgent('activity', '--pod', SHOP.pod, '-n', SHOP.namespace);
    return text.includes(': walk') && text;
  });
  assert.match(sessions, /^[0-9a-f]{8} {2}exec {2}root in pod shop\/till, container front$/m);
  assert.match(sessions, /cat \/etc\/shadow/);
});

test('an agent has three capabilities, and can not write where it need not', async () => {
  const status = await agents.kubectl('exec', pod, '--', 'cat', '/proc/self/status');
  assert.deepEqual([...capabilitiesOf(status)].sort(), ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE']);
  assert.match(await agents.kubectl('exec', pod, '--', 'wasprey', 'status'), /\d+ rules/);
  assert.match(status, /^NoNewPrivs:\s*1$/m);
  for (const place of ['/', '/etc/wasprey/rules.d', '/host/run'])
    await assert.rejects(agents.kubectl('exec', pod, '--', 'sh', '-c', `: > ${place}/written`), place);
});

test('its account may do what it needs, and nothing else', async () => {
  const granted = async (account: string) => {
    const list = await agents.cluster.kubectl(
      'auth',
      'can-i',
      '--list',
      '-n',
      NAMESPACE,
      `--as=system:serviceaccount:${account}`,
    );
    return new Set(list.split('\n').map((line) => line.replace(/\s+/g, ' ').trim()));
  };
  // What everyone may do, who has an account.
  const everyone = await granted('shop:default');
  const own = [...(await granted(`${NAMESPACE}:wasprey`))].filter((line) => !everyone.has(line));
  assert.deepEqual(own.sort(), [
    'daemonsets.apps [] [wasprey] [get]',
    'deployments.apps [] [] [get]',
    'events [] [] [create]',
    'jobs.batch [] [] [get]',
    'namespaces [] [] [get]',
    'pods [] [] [list watch]',
    'replicasets.apps [] [] [get]',
    'replicationcontrollers [] [] [get]',
  ]);
  // Nor was it denied anything: the runtime and the API server have reported containers by now.
  const metrics = await metricsText();
  assert.match(metrics, /^wasprey_pod_lookups_total\{[^}]*result="known"[^}]*\} [1-9]/m);
  assert.doesNotMatch(metrics, /^wasprey_metadata_failures_total\{[^}]*denied[^}]*\} [1-9]/m);
  assert.doesNotMatch(await agents.kubectl('logs', pod), /No metadata from/);
});

test('an agent whose pod is deleted is back', async (t) => {
  await agents.kubectl('delete', 'pod', pod, '--wait=false');
  // How long the kubelet takes to clear the old pod away is its own affair: some 10 s, rarely a minute.
  pod = await agents.readyPod(pod);
  const times =
    '{.status.containerStatuses[0].state.running.startedAt} {.status.conditions[?(@.type=="Ready")].lastTransitionTime}';
  const [started = '', ready = ''] = (await agents.kubectl('get', 'pod', pod, '-o', `jsonpath=${times}`)).split(' ');
  const took = Date.parse(ready) - Date.parse(started);
  t.diagnostic(`ready ${took} ms after the start of its container`);
  agents.alerts.follow(pod);
  await readShadow('after-restart');
  await findRead('after-restart');
});

/** Replaces the rules of the cluster, as `kubectl edit` does. */
async function editRules(name: string, text: string): Promise<void> {
  const patch = JSON.stringify({ data: { [name]: text } });
  await agents.kubectl('patch', 'configmap', 'wasprey-rules', '--type=merge', '-p', patch);
}

/** Events on the agent's pod with that reason. */
async function eventsOf(reason: string): Promise<string> {
  const field = `involvedObject.name=${pod},reason=${reason}`;
  return agents.kubectl('get', 'events', '--field-selector', field, '-o', 'jsonpath={.items[*].message}');
}

async function metricsText(): Promise<string> {
  return agents.kubectl('get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:8765/proxy/metrics`);
}

async function metric(name: string): Promise<number> {
  const text = await metricsText();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  assert.ok(line, `${name} in ${text}`);
  return Number(line.split(' ').at(-1));
}

/** So often were the containers of the agent's pod started anew. */
async function restarts(): Promise<string> {
  return agents.kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}');
}

test('rules that are edited in the ConfigMap are live without a restart', async () => {
  await editRules(
    'shop.yaml',
    `
- rule: Till opened
  desc: Of this test
  condition: evt.type in (open, openat) and fd.name startswith /tmp/till and k8s.ns.name = ${SHOP.namespace}
  output: Till opened (file=%fd.name pod=%k8s.pod.name app=%k8s.pod.label[app])
  priority: NOTICE
`,
  );
  const open = ['exec', SHOP.pod, '--', 'sh', '-c', ': > /tmp/till'];
  const alert = await eventually('an alert of the new rule', async () => {
    await agents.cluster.kubectl('-n', SHOP.namespace, ...open);
    return agents.alerts.alerts.find(({ rule }) => rule === 'Till opened');
  });
  assert.equal(alert.output_fields['k8s.pod.name'], SHOP.pod);
  assert.equal(alert.output_fields['k8s.pod.label[app]'], SHOP.label);
  assert.equal(await restarts(), '0');
  assert.equal(await metric('wasprey_rule_reloads_total{result="succeeded"}'), 1);
  await eventually('an event on the pod', async () => /rules/.test(await eventsOf('RulesReplaced')));
});

test('a broken edit leaves the rules before in use, and is reported on the pod and by a metric', async () => {
  await editRules('shop.yaml', '- rule: Broken\n  condition: fd.nam = x\n');
  const message = await eventually('an event on the pod', async () => (await eventsOf('RulesRefused')) || undefined);
  assert.match(message, /the previous ones stay in use/);
  assert.equal(await metric('wasprey_rule_reloads_total{result="failed"}'), 1);
  const seen = agents.alerts.alerts.length;
  await agents.cluster.kubectl('-n', SHOP.namespace, 'exec', SHOP.pod, '--', 'sh', '-c', ': > /tmp/till-again');
  await agents.alerts.find(
    'the rule before',
    ({ rule, output }) => rule === 'Till opened' && output.includes('till-again'),
  );
  assert.ok(agents.alerts.alerts.length > seen);
  assert.equal(await restarts(), '0');
  await editRules('shop.yaml', '');
});

test('a pod that starts with a broken rule watches by the others, and is not ready until it is corrected', async () => {
  const till = `
- rule: Till opened once more
  desc: Of this test
  condition: evt.type in (open, openat) and fd.name startswith /tmp/till and k8s.ns.name = ${SHOP.namespace}
  output: Till opened (file=%fd.name)
  priority: NOTICE
`;
  const broken = '- rule: Broken\n  desc: d\n  condition: fd.nam = x\n  output: o\n  priority: INFO\n';
  await editRules('shop.yaml', broken + till);
  await eventually('the refusal', async () => (await metric('wasprey_rules_refused')) === 1);
  await agents.kubectl('delete', 'pod', pod, '--wait=false');
  const before = pod;
  pod = await eventually('a new pod', async () => {
    const phase = '{range .items[*]}{.metadata.name} {.status.phase}{"\\n"}{end}';
    const pods = await agents.kubectl('get', 'pods', '-l', 'app.kubernetes.io/name=wasprey', '-o', `jsonpath=${phase}`);
    const started = pods.split('\n').find((line) => line.endsWith(' Running') && !line.startsWith(`${before} `));
    return started?.split(' ')[0];
  });
  const message = await eventually('an event on the pod', async () => (await eventsOf('RulesLeftOut')) || undefined);
  assert.match(message, /Invalid rules were left out, the others are in use: .*fd\.nam.*shop\.yaml:3:/);
  agents.alerts.follow(pod);
  const open = ['exec', SHOP.pod, '--', 'sh', '-c', ': > /tmp/till'];
  await eventually('an alert of the valid rule', async () => {
    await agents.cluster.kubectl('-n', SHOP.namespace, ...open);
    return agents.alerts.alerts.some(({ rule }) => rule === 'Till opened once more');
  });
  const ready = '{.status.conditions[?(@.type=="Ready")].status}';
  const isReady = (): Promise<string> => agents.kubectl('get', 'pod', pod, '-o', `jsonpath=${ready}`);
  assert.equal(await isReady(), 'False');
  await editRules('shop.yaml', '');
  await eventually('a ready pod', async () => (await isReady()) === 'True');
  assert.equal(await restarts(), '0');
});

test('the generator in the cluster raises the alerts that it names', async () => {
  const actions = {
    'read-sensitive-file': 'Sensitive file read',
    'run-dropped-program': 'Dropped program run in container',
  };
  await agents.install({ ...BASE, generate: { enabled: true, args: ['--json'] } });
  const label = 'app.kubernetes.io/name=wasprey-generate';
  await agents.kubectl(
    'wait',
    '--for=condition=Complete',
    'job',
    '-l',
    'app.kubernetes.io/component=generate',
    '--timeout=120s',
  );
  const results = (await agents.kubectl('logs', '-l', label, '--tail=-1'))
    .split('\n')
    .filter((line) => line.startsWith('{'));
  const failed = results.filter((line) => !['done', 'skipped'].includes(JSON.parse(line).result));
  assert.deepEqual(failed, []);
  const done = results.filter((line) => JSON.parse(line).result === 'done');
  assert.ok(done.length > 30, `${done.length} done`);
  const name = await agents.kubectl('get', 'pods', '-l', label, '-o', 'jsonpath={.items[0].metadata.name}');
  for (const wanted of Object.values(actions)) {
    const { output_fields: fields } = await agents.alerts.find(
      `the generator's ${wanted}`,
      ({ rule, output_fields }) => rule === wanted && output_fields['k8s.pod.name'] === name,
    );
    assert.equal(fields['k8s.ns.name'], NAMESPACE);
  }
});

test('alerts go to Slack by a program, which raises none itself', async () => {
  const { cluster } = agents;
  // It prints what was posted to it.
  const server = `require('http').createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => { console.log(request.method, request.url, JSON.stringify(body)); response.end('ok'); });
  }).listen(8080, () => console.log('listening'));`;
  const container = { name: 'slack', image: AGENT_IMAGE, command: ['/usr/bin/node', '-e', server] };
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'slack', namespace: SHOP.namespace },
      spec: { containers: [container] },
    },
  ]);
  const posted = () => cluster.kubectl('-n', SHOP.namespace, 'logs', 'slack');
  await eventually('Slack to listen', async () => /listening/.test(await posted()));
  const address = await cluster.kubectl('-n', SHOP.namespace, 'get', 'pod', 'slack', '-o', 'jsonpath={.status.podIP}');
  const program = `jq '{text: .output}' | curl -s -d @- -X POST http://${address}:8080/services/T000/B000`;
  // Outputs are made at the start.
  const podAnnotations = { output: 'slack' };
  await agents.install({
    ...BASE,
    podAnnotations,
    falco: { ...BASE.falco, program_output: { enabled: true, program } },
  });
  await agents.kubectl('rollout', 'status', 'daemonset/wasprey', '--timeout=120s');
  pod = await agents.readyPod();
  await readShadow('to-slack');
  const messages = await eventually('a message in Slack', async () => {
    const lines = (await posted()).split('\n').filter((line) => line.startsWith('POST /services/T000/B000 '));
    return lines.some((line) => line.includes('to-slack')) && lines;
  });
  const texts = messages.map((line) => JSON.parse(JSON.parse(line.slice(line.indexOf('"'))) as string).text as string);
  // What else happens on this machine is reported, too.
  const text = texts.find((each) => each.includes('to-slack'));
  assert.match(text ?? '', /Warning Sensitive file read by .* namespace=shop pod=till/);
  await eventually(
    'the agent to pass over its own shells',
    async () => (await metric('wasprey_matches_of_self_total')) > 0,
  );
  assert.ok(!texts.some((each) => each.includes(address)), texts.join('\n'));
});
