// A capture by a rule on a real cluster: an exec into a pod drops a program and runs it. The alert's file names the pod, shows what the shell
// did before and after, and says what it can't know.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readNotes } from '../../host/captures/notes/read-notes.ts';
import { type Report, reportOf } from '../../host/captures/report/report.ts';
import { Cluster, SHELL_IMAGE } from '../support/cluster.ts';
import { eventually } from '../support/cluster-agent.ts';
import { makeDirectory } from '../support/directory.ts';
import { LiveAgent } from '../support/live-agent.ts';

const RULE = 'Dropped program run in a pod';
const RULES = `
- rule: ${RULE}
  desc: d
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.exepath = /tmp/dropped
  output: "dropped program (command=%proc.cmdline pod=%k8s.pod.name)"
  priority: CRITICAL
  capture: true
  capture_duration: 4000
`;
const ATTACK = [
  'echo before > /tmp/before',
  'cp /bin/busybox /tmp/dropped',
  '/tmp/dropped true',
  'sleep 1',
  'rm /tmp/before',
  'nc -w 1 127.0.0.1 9',
  'sleep 4',
].join('; ');
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command: ['sleep', '3600'] }],
  },
};

const directory = makeDirectory();
let cluster: Cluster;
let agent: LiveAgent;
let report: Report;

before(async () => {
  cluster = await Cluster.start();
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
  await eventually('the service account', async () =>
    (await cluster.kubectl('get', '-n', 'shop', 'serviceaccounts')).includes('default'),
  );
  await cluster.apply([POD]);
  agent = await LiveAgent.start([RULES], {
    runtimes: { criSockets: [cluster.containerdSocket] },
    captures: {
      pathPrefix: join(directory.path, 'c'),
      mode: 'rules',
      duration: 4000,
      before: 30_000,
      scope: 'container',
      state: true,
      fileBytes: 64 << 20,
      totalBytes: 1 << 30,
      perRule: 10,
    },
  });
  const exec = (script: string): Promise<string> =>
    cluster.kubectl('exec', '-n', 'shop', 'web', '--', 'sh', '-c', script);
  await eventually('the pod', async () => (await exec('echo up')).includes('up'));
  await exec(`${ATTACK}; true`);
  const file = await eventually('the alert', async () => {
    const [alert] = agent.alerts(RULE);
    return alert && String(alert.output_fields['wasprey.capture']);
  });
  report = await eventually('the capture', async () => {
    const path = join(directory.path, file);
    const notes = readNotes(path);
    const whole = notes && reportOf(path, notes);
    return whole?.damage.length === 0 ? whole : undefined;
  });
});
after(async () => {
  await agent?.stop();
  await cluster?.stop();
  directory.remove();
});

test('the capture names the pod and its container', () => {
  assert.deepEqual([report.place.pod, report.place.namespace, report.place.name], ['web', 'shop', 'main']);
  assert.match(report.alerts[0]?.message ?? '', /pod=web\)$/);
});

test("it shows the shell's work before and after, and the connection", () => {
  const begin = report.alerts[0]?.time ?? 0n;
  const deeds = report.timeline.map(({ time, deed }) => `${time < begin ? '-' : '+'} ${deed.text}`);
  for (const deed of ['- creates /tmp/before', '- creates /tmp/dropped', '+ removes /tmp/before']) {
    assert.ok(deeds.includes(deed), `no "${deed}" in:\n${deeds.join('\n')}`);
  }
  assert.ok(report.connections.some(({ peer }) => peer === '127.0.0.1:9'));
  const [fired] = report.fired;
  assert.ok(fired?.parent?.programs.some(({ commandLine }) => commandLine.startsWith('sh -c')));
});

test('it says that the layer of a cluster with mounts of its own is not read', () => {
  // The nodes of the test cluster are in a mount namespace of their own, as those in containers are: neither process 1 nor the agent has
  // the overlay, so that it could be one of the container's own. With a runtime of the host live/captures has the file's hash.
  assert.ok(report.files.some(({ path, verbs }) => path === '/tmp/dropped' && verbs.has('creates')));
  const reason = 'Its changed files are unknown: the overlay of its root is not mounted on the host.';
  assert.ok(report.missing.includes(reason), report.missing.join('\n'));
});
