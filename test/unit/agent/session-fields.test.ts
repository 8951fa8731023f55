// Fields of the session that a process is in: how it was entered, by the images of its ancestors.

import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { before, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { rootProcess, sessionId } from '../../../host/fields/session-id.ts';
import { FIELDS } from '../../../host/schema/fields/index.ts';
import { ExecNode, type Proc, WEB, WEB_NAMESPACE } from '../../support/audit/exec-node.ts';
import { moduleOf } from '../../support/records/built-agent.ts';

const NAMES = FIELDS.filter(({ source }) => source.from === 'entry').map(({ name }) => name);
const NOBODY = 65_534;
const PTS_3 = (136 << 8) | 3;

let module: RuleModule;
before(async () => {
  module = await moduleOf(`
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read by %proc.pid ${NAMES.map((name) => `%${name}`).join(' ')}
  priority: WARNING
`);
});

/** Runs a program at its place in the system. */
function run(node: ExecNode, proc: Proc, executable: string, more: Parameters<ExecNode['run']>[2] = {}): Proc {
  const name = executable.slice(executable.lastIndexOf('/') + 1);
  return node.run(proc, `${name}\0`, { executable, comm_bytes: name, uid: 0, ...more });
}

/** `KIND ID USER TTY`, as the alert of each has it. */
async function printed(node: ExecNode, ...procs: readonly Proc[]): Promise<readonly string[]> {
  for (const proc of procs) node.read(proc);
  const alerts = await node.alerts(...procs);
  return alerts.map((fields) =>
    ['kind', 'id', 'user', 'tty'].map((name) => fields[`session.${name}`] ?? '-').join(' '),
  );
}

/** The id of the session that a process begins. */
function idOf({ pid, start }: Proc): string {
  return sessionId(hostname(), rootProcess(pid, start));
}

/** Names are those of this machine's accounts. */
const LOGGED_IN = { uid: NOBODY, login_uid: NOBODY, tty: PTS_3 };

/** A login by ssh: the process that begins what was asked for, and what alerts of its session print. */
function loginOfNobody(node: ExecNode): { readonly door: Proc; readonly ssh: string } {
  const systemd = run(node, node.fork(undefined), '/usr/lib/systemd/systemd');
  const listener = run(node, node.fork(systemd), '/usr/sbin/sshd');
  const monitor = run(node, node.fork(listener), '/usr/lib/openssh/sshd-session');
  return { door: node.fork(monitor, LOGGED_IN), ssh: `ssh ${idOf(monitor)} nobody pts/3` };
}

test('of a login by ssh the session is that of its connection, and su is one of its own', async () => {
  await using node = await ExecNode.start({ modules: [module], isOn: false });
  const { door, ssh } = loginOfNobody(node);
  const shell = run(node, node.fork(door), '/usr/bin/bash', LOGGED_IN);
  const other = node.fork(shell, LOGGED_IN);
  const sudo = run(node, node.fork(shell), '/usr/bin/sudo', { ...LOGGED_IN, uid: 0 });
  const root = run(node, node.fork(sudo), '/usr/bin/id', { ...LOGGED_IN, uid: 0 });
  assert.deepEqual(await printed(node, shell, other, sudo, root), [ssh, ssh, ssh, `su ${idOf(root)} root pts/3`]);
});

test('nobody leaves the session of a login by the name of a helper', async () => {
  await using node = await ExecNode.start({ modules: [module], isOn: false });
  const { door, ssh } = loginOfNobody(node);
  const copied = run(node, node.fork(door), '/tmp/agetty', LOGGED_IN);
  const below = run(node, node.fork(copied), '/usr/bin/cat', LOGGED_IN);
  // With a library of their own in it.
  const installed = run(node, node.fork(door), '/usr/sbin/agetty', LOGGED_IN);
  // The same of sshd itself, which lets in what is in the session already.
  const sshd = run(node, node.fork(door), '/usr/sbin/sshd', LOGGED_IN);
  const ofSshd = run(node, node.fork(sshd), '/usr/bin/cat', LOGGED_IN);
  assert.deepEqual(await printed(node, copied, below, installed, sshd, ofSshd), [ssh, ssh, ssh, ssh, ssh]);
});

test('jobs, units, consoles and containers are sessions; only a program at its place lets somebody in', async () => {
  await using node = await ExecNode.start({ modules: [module], isOn: false });
  const systemd = run(node, node.fork(undefined), '/usr/lib/systemd/systemd');
  const unit = { cgroup: '/system.slice/nginx.service', cgroup_id: 77 };
  const service = run(node, node.fork(systemd), '/usr/sbin/nginx', unit);
  const cron = run(node, node.fork(systemd), '/usr/sbin/cron');
  const forked = node.fork(cron);
  const job = run(node, node.fork(forked), '/bin/sh');
  const login = run(node, node.fork(systemd), '/usr/bin/login');
  const console = run(node, node.fork(login), '/usr/bin/bash', { tty: 4 << 8 });
  const shim = run(node, node.fork(undefined), '/usr/bin/containerd-shim');
  const own = run(node, node.fork(shim), '/bin/serve', {
    ...{ cgroup: `/docker/${WEB}`, pid_namespace: WEB_NAMESPACE, vpid: 1 },
  });
  const exec = node.exec(WEB, 'sh\0', shim);
  const fake = run(node, node.fork(undefined), '/tmp/sshd');
  const below = run(node, node.fork(fake), '/usr/bin/bash');
  assert.deepEqual(await printed(node, service, job, console, own, exec, below), [
    `service ${sessionId(hostname(), 'nginx.service 77')} root -`,
    `cron ${idOf(forked)} root -`,
    `console ${idOf(login)} root tty0`,
    `container ${idOf(own)} root -`,
    `exec ${idOf(exec)} root -`,
    `other ${idOf(fake)} root -`,
  ]);
});
