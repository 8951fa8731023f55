// Responses on a real cluster: a pod is isolated, labelled and deleted, by a service account with what the chart gives, and refused without.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import yaml from 'js-yaml';
import { CHART } from '../../deploy/chart/files.ts';
import { helmProgram } from '../../deploy/chart/helm.ts';
import { asArray, asText, at } from '../../host/diagnostics/json-value.ts';
import { usualPlaces } from '../../host/metadata/directory/runtime-places.ts';
import { OwnDaemonSet } from '../../host/metadata/kubernetes/own-daemon-set.ts';
import type { Actor, Outcome, Target, TargetPod } from '../../host/responses/action.ts';
import { DeletePod } from '../../host/responses/actors/delete-pod.ts';
import { IsolateContainer } from '../../host/responses/actors/isolate-container.ts';
import { LabelPod } from '../../host/responses/actors/label-pod.ts';
import { StopContainer } from '../../host/responses/actors/stop-container.ts';
import { Isolations } from '../../host/responses/isolation/isolations.ts';
import { Pods } from '../../host/responses/pods/pods.ts';
import type { ActionKind } from '../../host/responses/settings.ts';
import { Cluster, SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { ClusterApi } from '../support/cluster/cluster-api.ts';
import { directoryForTests } from '../support/directory.ts';
import { bpfFileSystemForTests } from '../support/live/bpf-file-system.ts';
import { numberOfKills } from '../support/responses/killed-agent.ts';
import { killDuringStops, STUBBORN } from '../support/responses/killed-stops.ts';
import {
  FollowedProcesses,
  openPerformer,
  type PerformerScene,
  responseOf,
} from '../support/responses/response-scene.ts';

const directory = directoryForTests();
const isolations = new Isolations(bpfFileSystemForTests());
const LABEL = responseOf('label_pod', { labels: new Map([['quarantine', 'true']]) });

/** The runtime that is asked; tests replace its socket. */
const places = {
  ...usualPlaces(),
  criSockets: [] as string[],
  dockerSocket: '/nonexistent',
  podmanSocket: '/nonexistent',
};

let cluster: Cluster;
let api: ClusterApi;
let scene: PerformerScene;
let processes: FollowedProcesses;

/** Its first process starts another one, again and again. */
const VICTIM = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'victim', namespace: 'default' },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: SHELL_IMAGE,
        imagePullPolicy: 'Never',
        command: ['sh', '-c', 'while true; do sleep 3600; done'],
      },
    ],
  },
};

const podNamed = (name: string, graceSeconds = 0) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: graceSeconds,
    containers: [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command: ['sleep', '3600'] }],
  },
});

before(async () => {
  cluster = await Cluster.start();
  api = await ClusterApi.open(cluster);
  await cluster.apply([podNamed('web'), podNamed('other'), podNamed('third', 5), podNamed('stubborn'), VICTIM]);
  processes = new FollowedProcesses();
  scene = await openPerformer(join(directory, 'ledger'), processes.execTime, {}, process.pid, (surroundings) => {
    const pods = new Pods(api.place);
    const actors: (readonly [ActionKind, Actor])[] = [
      ['isolate_container', new IsolateContainer(surroundings, undefined, isolations)],
      ['delete_pod', new DeletePod(pods)],
      ['label_pod', new LabelPod(pods)],
      ['stop_container', new StopContainer(surroundings, places)],
    ];
    return actors;
  });
});
after(async () => {
  isolations.liftAll();
  await scene?.performer.close();
  processes?.[Symbol.dispose]();
  api?.close();
  await cluster?.stop();
});

async function targetIn(name: string): Promise<Target> {
  const pod = await eventually(`the pod ${name}`, async () => {
    const found: unknown = JSON.parse(await cluster.kubectl('get', 'pod', name, '-o', 'json'));
    return at(found, 'status', 'phase') === 'Running' && found;
  });
  const [status] = asArray(at(pod, 'status', 'containerStatuses'));
  const uid = asText(at(pod, 'metadata', 'uid')) ?? '';
  const target: TargetPod = { namespace: 'default', name, uid, labels: new Map() };
  const container = (asText(at(status, 'containerID')) ?? '').replace('containerd://', '');
  return {
    ...{ pid: 0, execTime: 1n, executable: '/bin/sh', container, containerName: 'main' },
    ...{ labels: new Map(), pod: target, isIncomplete: false },
  };
}

/** Gives the service account the rules of the chart for that action, and no others; undefined: takes them away. */
async function allowAs(action: ActionKind | undefined): Promise<void> {
  const actions = [
    { name: 'r', match: { priority: 'critical' }, do: action, ...(action === 'label_pod' && { labels: { a: 'b' } }) },
  ];
  const input = JSON.stringify({ responses: action === undefined ? {} : { actions } });
  const { stdout, stderr, status } = spawnSync(
    helmProgram(),
    ['template', 'try', CHART, '--namespace', 'default', '--kube-version', '1.20.0', '--values', '-'],
    { encoding: 'utf8', input },
  );
  assert.equal(status, 0, stderr);
  const roles = yaml.loadAll(stdout).filter((item) => at(item, 'kind') === 'ClusterRole');
  const rules = roles.flatMap((role) => asArray(at(role, 'rules')));
  await cluster.apply([
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'agent' }, rules },
  ]);
}

/** Rights come some moments after their roles. */
async function performed(kind: Outcome['kind'], perform: () => Promise<Outcome>): Promise<Outcome> {
  return eventually(`an outcome that is ${kind}`, async () => {
    const outcome = await perform();
    return outcome.kind === kind && outcome;
  });
}

test('a container is isolated from the network, and reaches it again', async () => {
  const target = await targetIn('web');
  const send = async (): Promise<string> =>
    cluster.kubectl(
      'exec',
      'web',
      '--',
      'sh',
      '-c',
      'echo x | nc -w 1 10.255.255.1 9 2>&1; ping -c 1 -W 1 10.255.255.1 2>&1; true',
    );
  assert.doesNotMatch(await send(), /not permitted/);
  const outcome = await scene.performer.perform(responseOf('isolate_container'), target);
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
  assert.match(await send(), /not permitted/);
  const [entry] = await scene.performer.list();
  assert.ok(entry);
  await scene.performer.undo(entry.id);
  assert.doesNotMatch(await send(), /not permitted/);
});

test('a container is stopped by its runtime after its grace; where the runtime is down nothing is done', async () => {
  const target = await targetIn('stubborn');
  const stop = responseOf('stop_container', { graceMs: 1000 });
  // Nobody listens at it.
  const deaf = join(directory, 'deaf.sock');
  writeFileSync(deaf, '');
  places.criSockets = [deaf];
  const failed = await scene.performer.perform(stop, target);
  assert.equal(failed.kind, 'failed', JSON.stringify(failed));
  places.criSockets = [cluster.containerdSocket];
  const began = performance.now();
  const outcome = await scene.performer.perform(stop, target);
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
  assert.ok(performance.now() - began >= 1000, 'its first process takes no notice of SIGTERM');
  const again = await scene.performer.perform(stop, target);
  assert.equal(again.kind === 'refused' && again.why, 'gone');
  assert.deepEqual(await scene.performer.list(), []);
});

test('a container whose agent is killed while it is stopped is stopped or untouched', {
  timeout: 3_600_000,
}, async (context) => {
  let number = 0;
  const nameOf = (pod: number): string => `killed-${pod}`;
  const next = async (): Promise<string> => {
    if (number > 0) await cluster.kubectl('delete', 'pod', nameOf(number - 1), '--force', '--wait=false');
    const name = nameOf(number++);
    const containers = [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command: STUBBORN }];
    await cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { restartPolicy: 'Never', containers },
      },
    ]);
    return (await targetIn(name)).container;
  };
  const folder = join(directory, 'killed');
  const seen = await killDuringStops(folder, `cri:${cluster.containerdSocket}`, numberOfKills(4), next);
  context.diagnostic(JSON.stringify(seen));
  assert.ok(seen.finished > 0, 'none was killed in the middle');
});

/** The processes of a container, by what they are called. */
function processesOf(container: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container)) continue;
      found.set(readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), Number(pid));
    } catch {
      // It has ended.
    }
  }
  return found;
}

test('one process of a container is killed, and then all of it; the kubelet says so', async () => {
  const target = await targetIn('victim');
  const { container } = target;
  const sleeper = async (other = 0): Promise<number> =>
    eventually('the second process', async () => {
      const pid = processesOf(container).get('sleep');
      return pid !== undefined && pid !== other && pid;
    });
  const first = await sleeper();
  const shell = processesOf(container).get('sh');
  const killed = await scene.performer.perform(responseOf('kill_process'), processes.target(first, { container }));
  assert.equal(killed.kind, 'done', JSON.stringify(killed));
  // The process that had started it goes on.
  await sleeper(first);
  assert.equal(processesOf(container).get('sh'), shell);
  const outcome = await scene.performer.perform(responseOf('kill_container'), target);
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
  assert.deepEqual([...processesOf(container).keys()], []);
  await eventually('its end', async () => {
    const pod: unknown = JSON.parse(await cluster.kubectl('get', 'pod', 'victim', '-o', 'json'));
    const [status] = asArray(at(pod, 'status', 'containerStatuses'));
    return at(status, 'state', 'terminated', 'exitCode') === 137;
  });
  const again = await scene.performer.perform(responseOf('kill_container'), target);
  assert.equal(again.kind === 'refused' && again.why, 'gone');
});

test('without rights nothing is done, and the outcome has the reason', async () => {
  await allowAs(undefined);
  const target = await targetIn('other');
  for (const response of [LABEL, responseOf('delete_pod')]) {
    const outcome = await performed('failed', () => scene.performer.perform(response, target));
    assert.match(
      outcome.kind === 'failed' ? outcome.reason : '',
      /pods "other" is forbidden: .* cannot (get|delete) resource "pods"/,
    );
  }
});

test("with the chart's rights a pod is labelled, and unlabelled", async () => {
  await allowAs('label_pod');
  const target = await targetIn('other');
  await performed('done', () => scene.performer.perform(LABEL, target));
  const labels = async (): Promise<unknown> =>
    at(JSON.parse(await cluster.kubectl('get', 'pod', 'other', '-o', 'json')), 'metadata', 'labels');
  assert.deepEqual(await labels(), { app: 'other', quarantine: 'true' });
  const [entry] = await scene.performer.list();
  assert.ok(entry);
  await scene.performer.undo(entry.id);
  assert.deepEqual(await labels(), { app: 'other' });
});

test('another pod by that name is not labelled', async () => {
  await allowAs('label_pod');
  const { pod } = await targetIn('other');
  assert.ok(pod);
  assert.equal(await new Pods(api.place).setLabels({ ...pod, uid: crypto.randomUUID() }, new Map([['a', 'b']])), false);
});

test("with the chart's rights a pod is deleted, and once only", async () => {
  await allowAs('delete_pod');
  const target = await targetIn('third');
  const { pod } = target;
  assert.ok(pod);
  const other = { ...target, pod: { ...pod, uid: crypto.randomUUID() } };
  const refused = await performed('refused', () => scene.performer.perform(responseOf('delete_pod'), other));
  assert.equal(refused.kind === 'refused' && refused.why, 'gone');
  await performed('done', () => scene.performer.perform(responseOf('delete_pod'), target));
  const ending = await scene.performer.perform(responseOf('delete_pod'), target);
  assert.equal(ending.kind === 'refused' && ending.why, 'already', 'its grace is not over');
  await eventually('its end', async () => !(await cluster.kubectl('get', 'pods')).includes('third'));
  const again = await scene.performer.perform(responseOf('delete_pod'), target);
  assert.equal(again.kind === 'refused' && again.why, 'gone');
});

test('the API server is down: a failure with its reason', async () => {
  const target = await targetIn('other');
  await cluster.stopApiServer();
  const outcome = await scene.performer.perform(responseOf('delete_pod'), target);
  assert.equal(outcome.kind, 'failed', JSON.stringify(outcome));
  await cluster.startApiServer();
});

test('an agent that may not look for its DaemonSet does not take itself for uninstalled', async () => {
  const environment = { POD_NAME: 'p', POD_NAMESPACE: 'default', POD_UID: 'u', WASPREY_DAEMONSET: 'try-wasprey' };
  const own = OwnDaemonSet.of(api.place, environment);
  assert.ok(own);
  await own.begin();
  assert.equal(await own.isDeleted(), false);
});
