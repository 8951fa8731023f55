// Sessions by a real sshd, on loopback and IPv6: alerts have their kind, their user, their terminal and where they came from, as the kernel has it and
// whatever the session's environment says; also below sudo, and with forwarded connections.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeDirectory } from '../support/directory.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { startWasprey } from '../support/live/run-process.ts';
import { DebianMachine } from '../support/machines/debian-machine.ts';
import { freePort } from '../support/servers/free-port.ts';

const RULE = `
- rule: marked
  desc: what is run to be seen
  condition: evt.type = execve and evt.res = SUCCESS and proc.name = cat and proc.args contains wasprey-ssh
  output: >
    %proc.args %session.kind %session.id %session.user %session.tty %session.source %user.name %user.loginname
    %proc.env[SSH_CONNECTION]
  priority: INFO
`;

/** This machine has no name for it. */
const UID = 61_234;

/** Conditions on the session, by what is run to be seen. */
const CONDITIONS = {
  'from-v4': 'session.kind = ssh and session.net in (127.0.0.0/8)',
  'from-v6': 'session.kind = ssh and session.ip = ::1',
  'from-elsewhere': 'session.kind = ssh and session.source exists and not session.net in (127.0.0.0/8, ::1/128)',
  'not-from-v4': 'session.kind = ssh and not session.net in (127.0.0.0/8)',
  'of-alice': `session.user = ${UID}`,
  'on-terminal': 'session.tty startswith pts/',
  'below-sudo': 'session.kind = su and session.source exists and user.name = root',
};

const CONDITIONAL = Object.entries(CONDITIONS).map(
  ([name, condition]) => `
- rule: ${name}
  desc: what is run to be seen, in some sessions
  condition: evt.type = execve and evt.res = SUCCESS and proc.name = cat and proc.args contains wasprey-when and ${condition}
  output: "%proc.args %session.ip"
  priority: INFO
`,
);

const agent = LiveAgent.forTests([RULE, ...CONDITIONAL], { ruleMatching: 'all' });
let machine: DebianMachine;
let sshd: ChildProcess;
let port = 0;

const SET_UP = `
  set -e
  apt-get -qq update
  apt-get -qq install --no-install-recommends openssh-server sudo >/dev/null 2>&1
  useradd --uid ${UID} --create-home --shell /bin/bash alice
  echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
  for home in /root /home/alice; do
    mkdir -m 700 -p $home/.ssh
    [ -e /root/key ] || ssh-keygen -q -t ed25519 -N '' -f /root/key
    cp /root/key.pub $home/.ssh/authorized_keys
  done
  chown -R alice: /home/alice/.ssh`;

before(async () => {
  machine = new DebianMachine('trixie', 'own');
  await machine.run('sh', '-c', SET_UP);
  port = await freePort();
  const options = [`-p${port}`, '-oListenAddress=127.0.0.1', '-oListenAddress=::1', '-oUseDNS=no'];
  sshd = machine.start('sh', '-c', 'mkdir -p /run/sshd; exec /usr/sbin/sshd -D -e "$@"', 'sshd', ...options);
  let said = '';
  for await (const chunk of sshd.stderr ?? []) {
    said += String(chunk);
    if (/listening on ::1/.test(said)) break;
  }
  assert.match(said, /listening on ::1/);
});
after(async () => {
  sshd?.kill('SIGKILL');
  if (sshd && sshd.exitCode === null && sshd.signalCode === null) await once(sshd, 'exit');
  machine?.[Symbol.dispose]();
});

interface Login {
  readonly user?: string;
  readonly address?: string;
  readonly options?: readonly string[];
}

let count = 0;

async function runBySsh(
  command: string,
  { user = 'alice', address = '127.0.0.1', options = [] }: Login,
): Promise<string> {
  const words = ['-i/root/key', '-oStrictHostKeyChecking=no', '-oLogLevel=ERROR', `-p${port}`, ...options];
  const { stdout } = await machine.run('ssh', ...words, `${user}@${address}`, command);
  await agent.settled();
  return stdout;
}

/** Runs a command by ssh; `MARK` in it is what the alert is known by. Returns that alert, and what the command printed. */
async function enter(command: string, login: Login = {}) {
  const mark = `/wasprey-ssh-${process.pid}-${count++}`;
  const stdout = await runBySsh(command.replaceAll('MARK', mark), login);
  const [alert, ...others] = agent.marked(mark).filter(({ rule }) => rule === 'marked');
  assert.ok(alert, `no alert of ${command}`);
  assert.deepEqual(others, []);
  return { alert, stdout };
}

/** The value of a field. */
function of({ output_fields }: AlertLine, name: string): unknown {
  return output_fields[name];
}

const CAT = 'cat MARK 2>/dev/null';
/** Of a session's own environment, which sshd has set: the truth, as long as nobody changes it. */
const SHOW = 'set -- $SSH_CONNECTION; echo "$1 $2";';

function sourceIn(stdout: string): string {
  const [, address = '', from = ''] = /^(\S+) (\d+)\r?$/m.exec(stdout) ?? [];
  return address.includes(':') ? `[${address}]:${from}` : `${address}:${from}`;
}

for (const [user, address] of [
  ['alice', '127.0.0.1'],
  ['alice', '::1'],
  ['root', '127.0.0.1'],
  ['root', '::1'],
] as const) {
  test(`a session of ${user} from ${address} has where it came from`, async () => {
    const { alert, stdout } = await enter(`${SHOW} ${CAT}; true`, { user, address });
    assert.equal(of(alert, 'session.kind'), 'ssh');
    assert.equal(of(alert, 'session.user'), user === 'root' ? 'root' : String(UID));
    assert.equal(of(alert, 'session.tty'), null);
    assert.equal(of(alert, 'session.source'), sourceIn(stdout));
    assert.match(String(of(alert, 'session.id')), /^[0-9a-f]{8}$/);
  });
}

test('the environment is not believed', async () => {
  const forged = '198.51.100.7 4711 192.0.2.1 22';
  const { alert, stdout } = await enter(
    `${SHOW} SSH_CONNECTION='${forged}' SSH_CLIENT='${forged}' bash -c '${CAT}; true'; true`,
  );
  assert.equal(of(alert, 'proc.env[SSH_CONNECTION]'), forged);
  assert.equal(of(alert, 'session.source'), sourceIn(stdout));
});

test('a terminal has its name, and all of a session the same id', async () => {
  const { alert, stdout } = await enter(`tty; ${SHOW} bash -c '${CAT}; true'; true`, { options: ['-tt'] });
  const [, tty = ''] = /\/dev\/(pts\/\d+)/.exec(stdout) ?? [];
  assert.equal(of(alert, 'session.tty'), tty);
  assert.equal(of(alert, 'session.source'), sourceIn(stdout));
});

test('below sudo it is a session of its own, by the same connection and login', async () => {
  const { alert, stdout } = await enter(`${SHOW} sudo sh -c '${CAT}; true'; true`);
  assert.equal(of(alert, 'session.kind'), 'su');
  assert.equal(of(alert, 'user.name'), 'root');
  assert.equal(of(alert, 'session.source'), sourceIn(stdout));
});

for (const user of ['alice', 'root']) {
  test(`forwarded connections of ${user} are not taken for it`, async () => {
    const target = createServer((socket) => void socket.on('error', () => {}));
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port: to } = target.address() as { port: number };
    const [there, here] = [await freePort(), await freePort()];
    const options = ['-oExitOnForwardFailure=yes', `-L${here}:127.0.0.1:${to}`, `-R${there}:127.0.0.1:${to}`];
    // One connection by each of them is open.
    const hold = `exec 3<>/dev/tcp/127.0.0.1/${here} 4<>/dev/tcp/127.0.0.1/${there}; sleep 1`;
    const { alert, stdout } = await enter(`bash -c '${hold}; ${SHOW} ${CAT}; true'`, { user, options });
    target.close();
    assert.equal(of(alert, 'session.source'), sourceIn(stdout));
  });
}

test('conditions on the session hold of the sessions that they say, and of no others', async () => {
  /** The rules that raise an alert on a command, twice each: the second time the session is remembered. */
  const matched = async (around: (cat: string) => string, login: Login): Promise<readonly string[]> => {
    const mark = `/wasprey-when-${process.pid}-${count++}`;
    await runBySsh(around(`cat ${mark}`), login);
    return agent.marked(mark).map(({ rule }) => rule);
  };
  const twice = (cat: string): string => `${cat} 2>/dev/null; ${cat} 2>/dev/null; true`;
  const cases = [
    [twice, { user: 'alice', address: '127.0.0.1' }, ['from-v4', 'of-alice']],
    [twice, { user: 'alice', address: '::1' }, ['from-v6', 'not-from-v4', 'of-alice']],
    [twice, { user: 'root', address: '127.0.0.1' }, ['from-v4']],
    [twice, { user: 'root', address: '::1' }, ['from-v6', 'not-from-v4']],
    [twice, { user: 'root', address: '127.0.0.1', options: ['-tt'] }, ['from-v4', 'on-terminal']],
    [(cat: string) => `sudo sh -c '${twice(cat)}'`, { user: 'alice', address: '127.0.0.1' }, ['below-sudo']],
  ] as const;
  for (const [around, login, expected] of cases) {
    const found = await matched(around, login);
    assert.deepEqual(found.toSorted(), [...expected, ...expected].toSorted(), JSON.stringify(login));
  }
  // By no session of ssh.
  const mark = `/wasprey-when-${process.pid}-${count++}`;
  await machine.run('sh', '-c', `cat ${mark} 2>/dev/null; true`);
  await agent.settled();
  assert.deepEqual(agent.marked(mark), []);
});

test('ids are those of the record of activity', async (context) => {
  const directory = makeDirectory();
  context.after(() => directory.remove());
  const path = join(directory.path, 'live.wsp');
  const ids: unknown[] = [];
  {
    await using capturing = startWasprey(['capture', '-o', path]);
    await capturing.says(/recording \d+ event types/);
    for (const command of [`${CAT}; true`, `sudo sh -c '${CAT}; true'; true`]) {
      ids.push(of((await enter(command)).alert, 'session.id'));
    }
    capturing.kill('SIGINT');
    assert.equal(await capturing.ended, 0, capturing.stderr());
  }
  await using run = startWasprey(['activity', '--json', path]);
  assert.equal(await run.ended, 0, run.stderr());
  const lines = run.stdout().split('\n').slice(0, -1);
  const kinds = new Map(lines.map((line) => JSON.parse(line)).map(({ session, kind }) => [session, kind]));
  assert.deepEqual(
    ids.map((id) => kinds.get(id)),
    ['ssh', 'su'],
  );
});

test('what goes on when the connection is over has come from there still', async () => {
  const mark = `/wasprey-ssh-${process.pid}-late`;
  const { stdout } = await enter(`${SHOW} ${CAT}; (sleep 2; cat ${mark}) >/dev/null 2>&1 </dev/null & true`);
  let [late] = agent.marked(mark);
  while (!late) {
    await agent.settled();
    [late] = agent.marked(mark);
  }
  assert.equal(of(late, 'session.source'), sourceIn(stdout));
});
