// Made recordings of sessions, and what is found in them.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { ActivityLog } from '../../../host/journal/activity/activity-log.ts';
import { readFile } from '../../../host/journal/activity/read-activity.ts';
import { commandsOf, type Session } from '../../../host/journal/activity/session.ts';
import { findHistory } from '../../../host/journal/history.ts';
import { SecretMask } from '../../../host/journal/secrets/mask-secrets.ts';
import { Folder, type Names } from './recordings.ts';
import { CONTAINER_ID, Story } from './story.ts';

export const NAMESPACE = 0xf0000154;

export function sessionsOf(stories: readonly Story[], since?: bigint): Session[] {
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
export function outline(session: Session): string[] {
  return [
    session.kind,
    ...[...commandsOf(session)].map(({ depth, words }) => `${'  '.repeat(depth)}${words.join(' ')}`),
  ];
}

export const inContainer = { pid_namespace: NAMESPACE, cgroup: `/kubepods/pod1/${CONTAINER_ID}` };
export const CONTAINER_NAMES: Names = { container: CONTAINER_ID, containerType: 'containerd' };

export function host(): Story {
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
export function runcExec(story: Story, pid: number, words: string): Story {
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

export const ALICE = { uid: 1000, login_uid: 1000 };
export const ALICE_NAMES: Names = { user: 'alice', login: 'alice' };

export function sshLogin(story: Story): Story {
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
