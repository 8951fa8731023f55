// Activity: which sessions made recordings have, and what was done in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSelected } from '../../../host/journal/activity/select.ts';
import { commandsOf, filesOf } from '../../../host/journal/activity/session.ts';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { IMAGE_FLAGS } from '../../../host/schema/image.ts';
import {
  ALICE,
  ALICE_NAMES,
  CONTAINER_NAMES,
  host,
  inContainer,
  NAMESPACE,
  outline,
  runcExec,
  sessionsOf,
  sshLogin,
} from '../../support/records/session-stories.ts';
import { CONTAINER_ID, SECOND } from '../../support/records/story.ts';

test('a program in a container that is called as a runtime is what somebody entered by', () => {
  const story = host().snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES);
  runcExec(story, 100, '/tmp/runc init').wrote(103, '/tmp/x').exec(103, 'sh').exit(103);
  const [exec, ...others] = sessionsOf([story]).filter(({ kind }) => kind === 'exec');
  assert.deepEqual([exec && outline(exec), others], [['exec', '/tmp/runc init', '  sh'], []]);
});

test('who entered a pod is found by his name, also in what he did by su', () => {
  const story = host().snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES);
  runcExec(story, 100, 'sh').run(110, 103, '/usr/bin/su nobody').run(111, 110, 'sh').exit(111).exit(110).exit(103);
  const sessions = sessionsOf([story]);
  const user = { name: 'alice', groups: [] };
  const [exec, su] = ['exec', 'su'].map((wanted) => sessions.find(({ kind }) => kind === wanted));
  assert.ok(exec && su);
  exec.kubernetes = { match: 'exact', user, requests: [] };
  assert.ok(isSelected(su, { user: 'alice' }));
});

test('files and what was done to them are in order of time, whichever processor is read first', () => {
  const story = runcExec(
    host().snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES),
    100,
    'sh',
  );
  const { now } = story;
  story
    .wrote(103, '/tmp/y', { time: now + 3n * SECOND })
    .wrote(103, '/tmp/x', { time: now + 2n * SECOND })
    .wrote(103, '/tmp/x', { time: now + SECOND, state: DESCRIPTOR_STATE.CREATED });
  const [exec] = sessionsOf([story]).filter(({ kind }) => kind === 'exec');
  const [command] = exec?.commands ?? [];
  assert.ok(command);
  assert.deepEqual(
    filesOf(command).map((change) => [change.path, change.verbs.deeds, change.verbs.first, change.last]),
    [
      ['/tmp/x', ['created', 'wrote'], now + SECOND, now + 2n * SECOND],
      ['/tmp/y', ['wrote'], now + 3n * SECOND, now + 3n * SECOND],
    ],
  );
});

test('an exec into a container is a session, with its commands, files and connections', () => {
  const story = host()
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES)
    .container('web', { pod_name: 'web-0', pod_namespace: 'shop', image: 'shop/web:1.2' });
  runcExec(story, 100, 'sh')
    .run(110, 103, ['curl', '-H', 'Authorization: Bearer s3cret', 'http://203.0.113.7/x'])
    .wrote(110, '/tmp/x', { state: DESCRIPTOR_STATE.CREATED })
    .wrote(110, '/tmp/x')
    .connected(110, [203, 0, 113, 7], 80)
    .connected(110, [203, 0, 113, 8], 81, { result: -111 })
    .exit(110, 1 << 8)
    .run(111, 103, '/tmp/x')
    .exit(111, 9)
    .exit(103, 9);
  const sessions = sessionsOf([story]);
  const [exec] = sessions.filter(({ kind }) => kind === 'exec');
  assert.ok(exec);
  assert.deepEqual(outline(exec), [
    'exec',
    'sh',
    '  curl -H Authorization: Bearer *** http://203.0.113.7/x',
    '  /tmp/x',
  ]);
  assert.deepEqual(exec.container, {
    id: CONTAINER_ID.slice(0, 12),
    name: 'web',
    image: 'shop/web:1.2',
    pod: 'web-0',
    namespace: 'shop',
  });
  assert.deepEqual(exec.via, ['runc', 'containerd-shim-runc-v2']);
  assert.equal(exec.isOver, true);
  assert.equal(exec.within, undefined);
  const [, curl, dropped] = [...commandsOf(exec)];
  assert.deepEqual(curl?.status, { code: 1 });
  assert.deepEqual(dropped?.status, { signal: 9 });
  assert.deepEqual(
    (curl ? filesOf(curl) : []).map((change) => [change.path, change.verbs.deeds, change.times]),
    [['/tmp/x', ['created', 'wrote'], 2]],
  );
  assert.deepEqual(
    [...(curl?.connections.values() ?? [])].map(({ peer, error }) => [peer, error]),
    [
      ['203.0.113.7:80', undefined],
      ['203.0.113.8:81', 'ECONNREFUSED'],
    ],
  );
  // What runc ran on the host is no part of it.
  assert.deepEqual(sessions.filter(({ kind }) => kind === 'service').map(outline), [
    [
      'service',
      '/usr/bin/containerd-shim-runc-v2 -namespace k8s.io',
      '  /usr/sbin/runc exec --process p 0123',
      '    /usr/sbin/runc init',
      '      runc init',
    ],
  ]);
});

test("a container's own program is not an entry, and what it starts belongs to it", () => {
  const story = host()
    .run(200, 71, '/usr/sbin/runc create')
    .fork(201, 200, { pid_namespace: NAMESPACE, vpid: 1 })
    .change(201, inContainer, CONTAINER_NAMES)
    .exec(201, '/usr/sbin/nginx', { vpid: 1 })
    .run(202, 201, 'sh -c id');
  const container = sessionsOf([story]).find(({ kind }) => kind === 'container');
  assert.deepEqual(container && outline(container), ['container', '/usr/sbin/nginx', '  sh -c id']);
});

test('nsenter into a container is an entry, too', () => {
  const story = host()
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES)
    .fork(91, 90)
    .exec(91, 'date');
  sshLogin(story)
    .run(320, 302, '/usr/bin/nsenter -t 90 -a')
    .fork(321, 320, { pid_namespace: NAMESPACE, vpid: 30 })
    .exec(321, 'sh');
  const exec = sessionsOf([story]).find(({ kind }) => kind === 'exec');
  assert.ok(exec);
  assert.deepEqual(outline(exec), ['exec', 'sh']);
  assert.deepEqual([exec.container?.id, exec.within?.kind], [CONTAINER_ID.slice(0, 12), 'ssh']);
});

test('in the pid namespace of a pod, the first program of a container is its own', () => {
  const story = host()
    .fork(201, 71, { pid_namespace: NAMESPACE, vpid: 7 })
    .change(201, inContainer, CONTAINER_NAMES)
    .exec(201, '/usr/sbin/nginx');
  story.container('web', { start_time: story.now + SECOND / 10n });
  story.fork(202, 71, { pid_namespace: NAMESPACE, vpid: 8 }).change(202, inContainer, CONTAINER_NAMES).exec(202, 'sh');
  assert.deepEqual(sessionsOf([story]).map(outline), [
    ['container', '/usr/sbin/nginx'],
    ['exec', 'sh'],
  ]);
});

test('an ssh connection is a session, and su in it another', () => {
  const story = sshLogin(host())
    .run(303, 302, '/usr/bin/sudo -i')
    .fork(304, 303)
    .change(304, { uid: 0 }, { user: 'root' })
    .exec(304, '/usr/sbin/unix_chkpwd alice chkexpiry')
    .exit(304)
    .fork(305, 303)
    .change(305, { uid: 0 }, { user: 'root' })
    .exec(305, ['-bash'], { executable: '/usr/bin/bash' })
    .run(306, 305, 'cat /etc/shadow')
    // A second shell of the same connection.
    .run(307, 301, 'scp -t /tmp');
  const [ssh, su] = sessionsOf([story]).filter(({ kind }) => kind === 'ssh' || kind === 'su');
  assert.ok(ssh && su);
  assert.deepEqual(outline(ssh), [
    'ssh',
    '-bash',
    '  /usr/bin/sudo -i',
    '    /usr/sbin/unix_chkpwd alice chkexpiry',
    'scp -t /tmp',
  ]);
  assert.deepEqual([ssh.user.name, ssh.from, ssh.terminal, ssh.isOver], ['alice', '203.0.113.9', 'pts/2', false]);
  assert.deepEqual(outline(su), ['su', '-bash', '  cat /etc/shadow']);
  assert.deepEqual([su.user.name, su.login?.name, su.within?.id], ['root', 'alice', ssh.id]);
  const sudo = [...commandsOf(ssh)].find(({ program: name }) => name === 'sudo');
  assert.deepEqual(sudo?.opened, [su]);
});

test('each job of cron, each unit and each login at a console is a session', () => {
  const unit = { cgroup: '/system.slice/backup.service', cgroup_id: 77 };
  const story = host()
    .fork(400, 60)
    .run(401, 400, ['/bin/sh', '-c', 'backup'])
    .run(402, 401, 'backup')
    .fork(410, 60)
    .run(411, 410, ['/bin/sh', '-c', 'rotate'])
    .fork(420, 1)
    .exec(420, '/usr/lib/systemd/systemd-executor --x')
    .exec(420, '/usr/bin/backup --all', unit)
    .run(421, 1, '/usr/bin/backup-done', unit)
    .run(430, 1, '/usr/sbin/agetty tty1', { cgroup: '/system.slice/system-getty.slice/getty@tty1.service' })
    .exec(430, '/usr/bin/login -p')
    .run(
      432,
      430,
      ['sh', '-c', 'run-parts /etc/update-motd.d'],
      { login_uid: ALICE.login_uid, tty: 0x401 },
      ALICE_NAMES,
    )
    .run(431, 430, ['-bash'], { executable: '/usr/bin/bash', tty: 0x401, ...ALICE }, ALICE_NAMES);
  const sessions = sessionsOf([story]).filter(({ ranBefore }) => !ranBefore);
  assert.deepEqual(sessions.map(outline), [
    ['cron', '/bin/sh -c backup', '  backup'],
    ['cron', '/bin/sh -c rotate'],
    ['service', '/usr/bin/backup --all', '/usr/bin/backup-done'],
    // What login runs for its messages is of the same session.
    ['console', 'sh -c run-parts /etc/update-motd.d', '-bash'],
  ]);
  assert.equal(sessions[3]?.user.name, 'alice');
  assert.equal(sessions[2]?.unit, 'backup.service');
  assert.equal(sessions[3]?.terminal, 'tty1');
});

test('a program that only has the name of a door does not begin a session', () => {
  const upper = { flags: IMAGE_FLAGS.EXE_UPPER_LAYER };
  const story = sshLogin(host())
    .run(310, 302, '/tmp/cron')
    .run(311, 310, ['sh', '-c', 'hidden'])
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES)
    .run(320, 90, '/usr/bin/sshd', upper)
    .run(321, 320, 'evil', { flags: 0 });
  const sessions = sessionsOf([story]);
  const ssh = sessions.filter(({ kind }) => kind === 'ssh');
  assert.deepEqual(ssh.map(outline), [['ssh', '-bash', '  /tmp/cron', '    sh -c hidden']]);
  assert.deepEqual(
    sessions.filter(({ kind }) => kind === 'cron'),
    [],
  );
});

test('a door that was opened in a login session leads to a session within that', () => {
  const story = sshLogin(host()).run(310, 302, '/usr/sbin/crond -f').fork(311, 310).run(312, 311, 'job');
  const sessions = sessionsOf([story]);
  const [ssh, cron] = ['ssh', 'cron'].map((wanted) => sessions.find(({ kind }) => kind === wanted));
  assert.ok(ssh && cron);
  assert.deepEqual(outline(cron), ['cron', 'job']);
  assert.equal(cron.within?.id, ssh.id);
});

test('a command that became another by exec has the other below it, and no status', () => {
  const story = sshLogin(host())
    .run(310, 302, ['sh', '-c', 'exec id'])
    .exec(310, 'id')
    .exit(310, 3 << 8);
  const ssh = sessionsOf([story]).find(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  const [, sh, id] = [...commandsOf(ssh)];
  assert.deepEqual(
    [sh?.status, sh?.ended === undefined, id?.status, id?.parent === sh],
    [undefined, false, { code: 3 }, true],
  );
});
