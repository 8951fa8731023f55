// Activity on a real cluster: kubectl exec and attach, and an exec by containerd alone, are sessions that know their pod.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRecording } from '../../host/agent/record.ts';
import { ActivityLog } from '../../host/journal/activity/activity-log.ts';
import { readFile } from '../../host/journal/activity/read-activity.ts';
import { commandsOf, type Session } from '../../host/journal/activity/session.ts';
import { findHistory } from '../../host/journal/history.ts';
import { SecretMask } from '../../host/journal/secrets/mask-secrets.ts';
import { EVENT_TYPES } from '../../host/schema/events/index.ts';
import { Cluster } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { webPod } from '../support/cluster/shop.ts';
import { makeDirectory } from '../support/directory.ts';

const directory = makeDirectory();
let cluster: Cluster;
let sessions: readonly Session[];

/** What is typed after an attach is done by its shell. */
const POD = webPod({ command: ['sh'], stdin: true });

before(async () => {
  cluster = await Cluster.start();
  await cluster.addNamespace('shop');
  await cluster.apply([POD]);
  const id = await eventually('the container', async () => {
    const path =
      'jsonpath={.status.containerStatuses[0].state.running.startedAt} {.status.containerStatuses[0].containerID}';
    return /^\S+ containerd:\/\/(\w+)$/.exec(await cluster.kubectl('get', '-n', 'shop', 'pod', 'web', '-o', path))?.[1];
  });
  const path = `${directory.path}/cluster.wsp`;
  const recording = await startRecording({
    path,
    eventTypes: EVENT_TYPES.map(({ name }) => name),
    runtimes: { criSockets: [cluster.containerdSocket] },
    onEnd: (reason) => assert.fail(JSON.stringify(reason)),
  });
  await cluster.kubectl('exec', '-n', 'shop', 'web', '--', 'sh', '-c', 'cat /etc/passwd; echo x > /tmp/by-kubectl');
  const exec = ['task', 'exec', '--exec-id', 'by-ctr', id, 'sh', '-c', 'cat /etc/hostname; true'];
  await cluster.run(['ctr', '--address', cluster.containerdSocket, '--namespace', 'k8s.io', ...exec]);
  await cluster
    .run(['kubectl', 'attach', '-i', '-n', 'shop', 'web'], 'cat /etc/group\necho x > /tmp/by-attach\nexit 3\n')
    .catch(() => {});
  await sleep(2_000);
  const { reason } = await recording.stop();
  assert.equal(reason, undefined);
  const log = new ActivityLog({ mask: new SecretMask() });
  const [file] = findHistory([path]).files;
  assert.ok(file);
  readFile(file, log);
  sessions = log.sessions;
});
after(async () => {
  await cluster?.stop();
  directory.remove();
});

function inPod(kind: Session['kind']): Session[] {
  return sessions.filter((session) => session.kind === kind && session.container?.pod === 'web');
}

const lines = (session: Session): string[] => [...commandsOf(session)].map(({ words }) => words.join(' '));

test('kubectl exec is a session of its pod, entered through the runtime, and so is an exec by containerd alone', () => {
  const [session, byContainerd, ...more] = inPod('exec');
  assert.ok(session, JSON.stringify(sessions.map(({ kind, container }) => [kind, container])));
  assert.deepEqual(more, []);
  assert.deepEqual(
    [session.container?.namespace, session.container?.name, session.user.uid, session.isOver],
    ['shop', 'main', 0, true],
  );
  assert.equal(session.via[0], 'runc');
  assert.ok(
    session.via.some((name) => name.startsWith('containerd-shim')),
    session.via.join(),
  );
  assert.deepEqual(lines(session), ['sh -c cat /etc/passwd; echo x > /tmp/by-kubectl', 'cat /etc/passwd']);
  assert.ok(byContainerd);
  assert.deepEqual(lines(byContainerd), ['sh -c cat /etc/hostname; true', 'cat /etc/hostname']);
  assert.deepEqual(byContainerd.via, session.via);
  const [shell] = session.commands;
  assert.deepEqual([...(shell?.files.keys() ?? [])], ['/tmp/by-kubectl']);
  assert.deepEqual(shell?.status, { code: 0 });
});

test("what is typed after kubectl attach is in the session of the container's own program", () => {
  const [session] = inPod('container');
  assert.ok(session);
  assert.deepEqual(lines(session), ['sh', 'cat /etc/group']);
  const [shell] = session.commands;
  assert.deepEqual([...(shell?.files.keys() ?? [])], ['/tmp/by-attach']);
  assert.deepEqual([shell?.ranBefore, shell?.status], [true, { code: 3 }]);
});
