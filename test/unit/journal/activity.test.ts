// Activity: sessions out of made recordings, and how they are printed.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderSession } from '../../../host/cli/reports/session-report.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { ActivityLog } from '../../../host/journal/activity/activity-log.ts';
import type { Process } from '../../../host/journal/activity/process.ts';
import { ProcessTable } from '../../../host/journal/activity/process-table.ts';
import { gapsOf, readFile } from '../../../host/journal/activity/read-activity.ts';
import { isSelected } from '../../../host/journal/activity/select.ts';
import { commandsOf, filesOf, type Session } from '../../../host/journal/activity/session.ts';
import { sessionJson } from '../../../host/journal/activity/session-json.ts';
import { History } from '../../../host/journal/event-views.ts';
import { findHistory, type HistoryFile } from '../../../host/journal/history.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { IMAGE_FLAGS } from '../../../host/schema/image.ts';
import { FACTS, Folder, type Names } from '../../support/records/recordings.ts';
import { CONTAINER_ID, SECOND, Story } from '../../support/records/story.ts';

const NAMESPACE = 0xf0000154;

function sessionsOf(stories: readonly Story[], since?: bigint): Session[] {
  using folder = new Folder();
  const log = new ActivityLog({ mask: new SecretMask(), ...(since !== undefined && { since }) });
  for (const [index, story] of stories.entries()) {
    const path = folder.file(`${index}.wsp`);
    writeFileSync(path, story.bytes);
    const [file] = findHistory([path]).files;
    assert.ok(file);
    assert.deepEqual(readFile(file, log), [{ kind: 'missing-types', what: 'connections' }]);
  }
  return log.sessions;
}

/** kind, and the commands with their depths. */
function outline(session: Session): string[] {
  return [
    session.kind,
    ...[...commandsOf(session)].map(({ depth, words }) => `${'  '.repeat(depth)}${words.join(' ')}`),
  ];
}

const inContainer = { pid_namespace: NAMESPACE, cgroup: `/kubepods/pod1/${CONTAINER_ID}` };
const CONTAINER_NAMES: Names = { container: CONTAINER_ID, containerType: 'containerd' };

function host(): Story {
  return new Story()
    .snapshot(1, 0, '/usr/lib/systemd/systemd', { cgroup: '/init.scope' })
    .snapshot(50, 1, '/usr/sbin/sshd -D', { cgroup: '/system.slice/ssh.service' })
    .snapshot(60, 1, '/usr/sbin/cron -f', { cgroup: '/system.slice/cron.service' })
    .snapshot(70, 1, '/usr/bin/containerd', { cgroup: '/system.slice/containerd.service' })
    .snapshot(71, 1, '/usr/bin/containerd-shim-runc-v2 -namespace k8s.io', {
      cgroup: '/system.slice/containerd.service',
    });
}

/** As runc 1.0 does it: stages, of which the last is in the namespaces, in the cgroup, and in a session of its own. */
function runcExec(story: Story, pid: number, words: string): Story {
  const memory = 'memfd:runc_cloned:/proc/self/exe';
  return story
    .run(pid, 71, '/usr/sbin/runc exec --process p 0123')
    .run(pid + 1, pid, '/usr/sbin/runc init')
    .exec(pid + 1, ['runc', 'init'], { executable: memory })
    .fork(pid + 2, pid + 1)
    .fork(pid + 3, pid + 2, { pid_namespace: NAMESPACE, vpid: 14 })
    .exit(pid + 2)
    .change(pid + 3, { vsid: 14, sid: pid + 3 })
    .change(pid + 3, inContainer, CONTAINER_NAMES)
    .exit(pid + 1)
    .exec(pid + 3, words)
    .exit(pid);
}

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

const ALICE = { uid: 1000, login_uid: 1000 };
const ALICE_NAMES: Names = { user: 'alice', login: 'alice' };

function sshLogin(story: Story): Story {
  return story
    .fork(300, 50)
    .exec(300, '/usr/sbin/sshd -D -R')
    .fork(301, 300)
    .change(301, ALICE, ALICE_NAMES)
    .fork(302, 301)
    .exec(302, ['-bash'], {
      executable: '/usr/bin/bash',
      tty: 0x8802,
      environment: 'TERM=x\0SSH_CONNECTION=203.0.113.9 50122 192.0.2.1 22\0',
    });
}

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

test('what was before --since is known, but not shown', () => {
  const story = sshLogin(host()).run(310, 302, 'early one').exit(310);
  const since = story.now + 1n;
  story.run(311, 302, 'late one').wrote(302, '/tmp/late');
  const sessions = sessionsOf([story], since);
  assert.deepEqual(sessions.map(outline), [['ssh', '-bash', '  late one']]);
  assert.deepEqual(sessions[0]?.commands[0]?.ranBefore, true);
  assert.deepEqual([...(sessions[0]?.commands[0]?.files.keys() ?? [])], ['/tmp/late']);
});

test('a session is the same in the next segment, whose images are repeated, and after a restart', () => {
  const first = sshLogin(host()).run(310, 302, 'one');
  const second = sshLogin(host())
    .run(310, 302, 'one')
    .exit(310, 1 << 8)
    .run(311, 302, 'two');
  const [ssh, ...others] = sessionsOf([first, second]).filter(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  assert.deepEqual(others, []);
  assert.deepEqual(outline(ssh), ['ssh', '-bash', '  one', '  two']);
  assert.deepEqual(ssh.commands[0]?.children[0]?.status, { code: 1 });
});

test('sessions are chosen by container, pod, user and command', () => {
  const story = host()
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES)
    .container('web', { pod_name: 'web-0', pod_namespace: 'shop' });
  runcExec(story, 100, 'sh');
  sshLogin(story);
  const sessions = sessionsOf([story]);
  const kinds = (selection: Parameters<typeof isSelected>[1]) =>
    sessions.filter((one) => isSelected(one, selection)).map(({ kind }) => kind);
  assert.deepEqual(kinds({ pod: 'web-0' }), ['exec']);
  assert.deepEqual(kinds({ namespace: 'shop', container: 'web' }), ['exec']);
  assert.deepEqual(kinds({ container: CONTAINER_ID }), ['exec']);
  assert.deepEqual(kinds({ container: CONTAINER_ID.slice(0, 6) }), ['exec']);
  assert.deepEqual(kinds({ container: 'we' }), []);
  assert.deepEqual(kinds({ user: 'alice' }), ['ssh']);
  assert.deepEqual(kinds({ user: '1000' }), ['ssh']);
  assert.deepEqual(kinds({ command: 'ash' }), ['ssh']);
  assert.deepEqual(kinds({ pod: 'web-0', user: 'alice' }), []);
});

test('names of traced processes neither control a terminal nor break a line, and lines fit', () => {
  const hostile = ['evil\x1b[2Jname', 'two\nlines', '\u202egnp', 'x'.repeat(500), "it's"];
  const story = sshLogin(host()).run(310, 302, hostile).wrote(310, '/tmp/\x1b]0;title\x07\n\u202e');
  const ssh = sessionsOf([story]).find(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  const terminal = { ...SILENT, interactive: true, width: 80 };
  for (const full of [false, true]) {
    const text = renderSession(ssh, { terminal, full });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  }
  const json = sessionJson(ssh);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(json, /[\x00-\x1f\x7f-\x9f\u202e]/);
  assert.equal(JSON.parse(json).commands[0].commands[0].arguments[2], '\u202egnp');
});

test('a deep tree and a long session stay within bounds', () => {
  const story = sshLogin(host());
  for (let pid = 1000; pid < 1400; pid++) story.run(pid, pid === 1000 ? 302 : pid - 1, `deep ${pid}`);
  const ssh = sessionsOf([story]).find(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  assert.equal([...commandsOf(ssh)].length, 401);
  assert.ok(Math.max(...[...commandsOf(ssh)].map(({ depth }) => depth)) <= 64);
  assert.equal(JSON.parse(sessionJson(ssh)).session, ssh.id);
});

test('it is said where there is no record', () => {
  const host = FACTS.hostname;
  const at = (started: number, to: number, hostname = host): HistoryFile => ({
    path: 'x',
    facts: { ...FACTS, hostname, started: BigInt(started) * 1_000_000n },
    bytes: 1,
    from: started - 5000,
    to,
    isComplete: true,
  });
  assert.deepEqual(gapsOf([at(10_000, 20_000), at(20_100, 30_000), at(60_000, 70_000)], 1_000), [
    { kind: 'begins', host, at: 10_000 },
    { kind: 'gap', host, from: 30_000, to: 60_000 },
  ]);
  assert.deepEqual(gapsOf([at(10_000, 20_000)], 15_000), []);
  assert.deepEqual(gapsOf([at(10_000, 20_000)], 15_000, 50_000), [{ kind: 'gap', host, from: 20_000, to: undefined }]);
  assert.deepEqual(gapsOf([{ ...at(10_000, 20_000), isComplete: false }], 15_000, 50_000), []);
  assert.deepEqual(gapsOf([at(10_000, 20_000), at(60_000, 70_000, 'other')], undefined), []);
  assert.deepEqual(gapsOf([], undefined), []);
});

test('a process does not keep the images of histories before', () => {
  using folder = new Folder();
  const path = folder.file('story.wsp');
  writeFileSync(path, sshLogin(host()).run(310, 302, 'one').bytes);
  using history = new History(path);
  const table = new ProcessTable();
  let process: Process | undefined;
  for (const item of history.items({ processes: true })) {
    if (item.kind !== 'process' || process) continue;
    process = table.make(item, true);
    if (process) table.own(item.id, process);
  }
  assert.equal(process?.images.length, 1);
  table.begin();
  assert.equal(process?.images.length, 0);
});
