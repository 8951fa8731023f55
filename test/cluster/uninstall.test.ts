// What responses have in force when the chart is uninstalled: it is undone. While the release is there, it outlives the agent's pod.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { helmProgram } from '../../deploy/chart/helm.ts';
import { asArray, asText, at } from '../../host/diagnostics/json-value.ts';
import { BPF_FS } from '../../host/responses/isolation/isolations.ts';
import { SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { AgentCluster, eventually, NAMESPACE } from '../support/cluster/cluster-agent.ts';
import { mountBpfFileSystem } from '../support/live/machine-bpf-file-system.ts';

/** Pods, each with one container, and what is done to it when it makes the folder /tmp/POD. */
const PAUSED = 'till';
const ISOLATED = 'stall';
const DONE = { [PAUSED]: 'pause_container', [ISOLATED]: 'isolate_container' } as const;
const PODS = [PAUSED, ISOLATED] as const;
/** Where nobody listens; what is pinned refuses to connect there. */
const PORT = 4711;

const RULES = `
${PODS.map(
  (pod) => `
- rule: Made ${pod}
  desc: Of this test
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path = /tmp/${pod} and k8s.pod.name = ${pod}
  output: made
  priority: CRITICAL
`,
).join('')}
- rule: Connected
  desc: Of this test
  condition: evt.type = connect and fd.rport = ${PORT} and container.id != host
  output: connected
  priority: CRITICAL
`;
const ACTIONS = [
  ...PODS.map((pod) => ({ name: `to ${pod}`, match: { rules: [`Made ${pod}`] }, do: DONE[pod] })),
  { name: 'refuse', match: { rules: ['Connected'] }, do: 'deny', where: 'kernel' },
];

let agents: AgentCluster;
let agent = '';
/** A BPF file system among the cluster's own mounts. */
let bpf = '';
let unmount = (): void => {};
/** Where the kernel says whether the container is frozen. */
let states: readonly string[] = [];

before(async () => {
  // Of the first process, where an agent may look into its root.
  unmount = mountBpfFileSystem();
  agents = await AgentCluster.start();
  const { cluster } = agents;
  bpf = join(cluster.state, 'bpf');
  await cluster.run(['mkdir', '-p', bpf]);
  await cluster.run(['/usr/bin/busybox', 'mount', '-t', 'bpf', 'bpf', bpf]);
  await agents.install({
    falco: { json_output: true },
    customRules: { 'uninstall.yaml': RULES },
    responses: { mode: 'act', pinned: true, folder: join(cluster.state, 'responses'), actions: ACTIONS },
    // Where an agent may not look into the root of the first process, it takes what it has of these itself.
    mounts: {
      volumes: [
        { name: 'groups', hostPath: { path: '/sys/fs/cgroup' } },
        { name: 'bpf', hostPath: { path: bpf } },
      ],
      volumeMounts: [
        { name: 'groups', mountPath: '/host/sys/fs/cgroup' },
        { name: 'bpf', mountPath: '/sys/fs/bpf' },
      ],
    },
  });
  agent = await agents.readyPod();
  agents.alerts.follow(agent);
  await cluster.apply(
    PODS.map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'main', image: SHELL_IMAGE, command: ['sleep', '3600'] }] },
    })),
  );
  await cluster.kubectl('wait', '--for=condition=Ready', ...PODS.map((pod) => `pod/${pod}`), '--timeout=90s');
});
after(async () => {
  // Nothing could end a container that is still frozen.
  for (const state of states.filter(isFrozenBy)) writeFileSync(state, state.endsWith('.freeze') ? '0' : 'THAWED');
  await agents?.stop();
  unmount();
});

/** What is in the folders of both BPF file systems. */
async function pins(): Promise<string> {
  const { stdout } = await agents.cluster.run(['find', bpf, '-mindepth', '2']);
  return stdout + execFileSync('find', [BPF_FS, '-mindepth', '2'], { encoding: 'utf8' });
}

function isFrozenBy(state: string): boolean {
  return ['FROZEN', '1'].includes(readFileSync(state, 'utf8').trim());
}

/** Of the paused container, in control groups of version 1 or 2. */
async function freezerStates(): Promise<readonly string[]> {
  const found: unknown = JSON.parse(await agents.cluster.kubectl('get', 'pod', PAUSED, '-o', 'json'));
  const [status] = asArray(at(found, 'status', 'containerStatuses'));
  const id = (asText(at(status, 'containerID')) ?? '').replace('containerd://', '');
  assert.match(id, /^[0-9a-f]{64}$/);
  const groups = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `*${id}*`], { encoding: 'utf8' });
  return groups
    .trim()
    .split('\n')
    .flatMap((group) => [join(group, 'freezer.state'), join(group, 'cgroup.freeze')])
    .filter((state) => existsSync(state));
}

/** What a connect in the other container says. */
async function connect(address: string, port: number): Promise<string> {
  const command = `nc -w 1 ${address} ${port} 2>&1; true`;
  return agents.cluster.kubectl('exec', ISOLATED, '--', 'sh', '-c', command);
}

const isIsolated = async (): Promise<boolean> => /not permitted/.test(await connect('10.255.255.1', 9));
const isRefused = async (): Promise<boolean> => /not permitted/.test(await connect('127.0.0.1', PORT));

async function act(pod: keyof typeof DONE, says: RegExp): Promise<void> {
  // Of the container that is paused it ends when that goes on.
  agents.cluster.start(['kubectl', 'exec', pod, '--', 'mkdir', `/tmp/${pod}`]);
  const alert = await agents.alerts.find(`mkdir in ${pod}`, ({ rule }) => rule === `Made ${pod}`);
  assert.match(String(alert.output_fields['wasprey.response']), says);
}

test('what is refused, paused and isolated stays so when the pod of the agent is deleted', async () => {
  states = await freezerStates();
  assert.ok(!states.some(isFrozenBy));
  await eventually('that a connect is refused', isRefused);
  assert.equal(await isIsolated(), false);
  await act(PAUSED, /^to till: paused container main /);
  await act(ISOLATED, /^to stall: isolated container main /);
  await agents.kubectl('delete', 'pod', agent);
  await agents.readyPod(agent);
  assert.ok(states.some(isFrozenBy));
  assert.ok(await isIsolated());
});

test('nothing stays refused, paused or isolated when the release is uninstalled', async () => {
  assert.match(await pins(), /wasprey-enforcement/);
  await agents.cluster.run([helmProgram(), 'uninstall', 'wasprey', '--namespace', NAMESPACE]);
  await eventually('the end of the agent', async () => (await agents.kubectl('get', 'pods', '-o', 'name')) === '');
  assert.ok(!states.some(isFrozenBy));
  await agents.cluster.kubectl('exec', PAUSED, '--', 'rmdir', `/tmp/${PAUSED}`);
  assert.equal(await isIsolated(), false);
  assert.equal(await isRefused(), false);
  assert.equal(await pins(), '');
});
