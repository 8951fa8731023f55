// Enforcement in the kernel of calls of other kinds: of 32-bit programs, and to an address that stands for another; the limits, and what is
// never acted on.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { EnforcementRails } from '../../host/capture/enforcement-rails.ts';
import { ENFORCED, enforcedParts } from '../../host/schema/enforced.ts';
import type { ExactClause } from '../../host/schema/kernel-enforcement.ts';
import { actProgram, actWords, type Step, str } from '../support/live/live-act.ts';
import { Container } from '../support/live/live-container.ts';
import {
  capture,
  directory,
  type Ended,
  enforce,
  enforceRules,
  events,
  isConnectRefused,
  MARKER,
  opening,
  RUNS_ON,
  reaching,
  run,
  running,
  STOPPED,
  takeEvents,
} from '../support/live/live-enforcement.ts';
import { AF_INET, AF_INET6, AT_FDCWD, O, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { otherPart } from '../support/live/other-part.ts';

const SECRET = `${directory}/secret`;
const IPPROTO_MPTCP = 262;
const MINUTE = { count: 10_000, milliseconds: 60_000 };

before(() => {
  writeFileSync(SECRET, 'secret\n');
  capture.start(['open', 'openat', 'openat2', 'creat', 'execve', 'connect', 'sendto', 'sendmsg', 'sendmmsg']);
});
beforeEach(() => events());
after(() => capture.close());

/** Makes these calls, and then writes the marker. */
function call(...steps: readonly Step[]): Ended {
  return run(actProgram(), ...actWords([...steps, ['creat', str(MARKER), 0o600]]));
}

/** What happened, without what else was going on. */
function outcomes(): readonly [type: string, outcome: number][] {
  return events().map(({ type, outcome }) => [type, outcome]);
}

test('A connect or send is refused, and its process killed, also by a 32-bit call', async () => {
  const server = createServer();
  let connections = 0;
  server.on('connection', () => connections++).listen(0, '127.0.0.1');
  const receiver = createSocket('udp4');
  let received = 0;
  receiver.on('message', () => received++).bind(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(receiver, 'listening')]);
  const port = (server.address() as AddressInfo).port;
  const datagrams = receiver.address().port;
  try {
    for (const action of ['kill_process', 'deny'] as const) {
      enforce([reaching(port), reaching(datagrams)], action);
      const [ended, outcome] = action === 'deny' ? [RUNS_ON, ENFORCED.REFUSED] : [STOPPED, ENFORCED.REFUSED_AND_KILLED];
      for (const way of ['', 'int80:']) {
        const connect: Step = [`${way}connect`, 'r0', `in:127.0.0.1:${port}`, 'len'];
        const message = way === 'int80:' ? 'msg32' : 'msg';
        const send: Step = [`${way}sendmsg`, 'r0', `${message}:in:127.0.0.1:${datagrams}`, 0];
        assert.deepEqual(call(['socket', AF_INET, SOCK_STREAM, 0], connect), ended, `${action} ${way}connect`);
        assert.deepEqual(outcomes(), [['connect', outcome]], `${action} ${way}connect`);
        assert.deepEqual(call(['socket', AF_INET, SOCK_DGRAM, 0], send), ended, `${action} ${way}sendmsg`);
        assert.deepEqual(outcomes(), [['sendmsg', outcome]], `${action} ${way}sendmsg`);
      }
    }
    await delay(100);
    assert.deepEqual([connections, received], [0, 0]);
  } finally {
    server.close();
    receiver.close();
  }
});

test('A request of io_uring that connects or sends is refused, and its process killed, and its event says so', async () => {
  const server = createServer();
  let connections = 0;
  server.on('connection', () => connections++).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const peer = `in:127.0.0.1:${port}`;
  const connect: Step = ['connect', 'r0', peer, 'len'];
  const send: Step = ['sendmsg', 'r0', `msg:${peer}`, 0];
  try {
    for (const action of ['deny', 'kill_process'] as const) {
      enforce([reaching(port)], action);
      const outcome = action === 'deny' ? ENFORCED.REFUSED : ENFORCED.REFUSED_AND_KILLED;
      for (const way of ['ring', 'ring+async', 'ring+sqpoll', 'ring+silent']) {
        for (const [kind, [name, ...words]] of [
          [SOCK_STREAM, connect],
          [SOCK_DGRAM, send],
        ] as const) {
          const { marker } = call(['socket', AF_INET, kind, 0], [`${way}:${name}`, ...words]);
          assert.equal(marker, action === 'deny', `${action} ${way}:${name}`);
          const found: unknown[] = [];
          takeEvents((event) => {
            const { outcome: did } = enforcedParts(event.number('reserved'));
            if (did !== 0) found.push([event.type.name, did, event.number('remote_port')]);
          });
          assert.deepEqual(found, [[name, outcome, port]], `${action} ${way}:${name}`);
        }
      }
    }
    assert.equal(connections, 0);
  } finally {
    server.close();
  }
});

test('An open by io_uring that begins in another call, or after an interrupt, has its process killed', () => {
  enforce([opening(SECRET)], 'kill_process');
  for (const way of ['ring', 'ring+late', 'ring+late+person', 'ring+timed']) {
    const open: Step = [`${way}:openat`, AT_FDCWD, str(SECRET), O.RDONLY];
    assert.deepEqual(call(open), STOPPED, way);
    assert.deepEqual(outcomes(), [['openat', ENFORCED.KILLED]], way);
  }
});

test('What a process has connected to is enforced whatever it connects to besides', () => {
  const [port, other] = [9, 10];
  const stream: Step = ['socket', AF_INET, SOCK_STREAM, 0];
  const peer = `in:127.0.0.1:${port}`;
  // By the same socket to where it is only refused, before it has learned of the first.
  enforceRules([
    [[reaching(port)], 'kill_process'],
    [[reaching(other)], 'deny'],
  ]);
  assert.deepEqual(call(stream, ['ring+next:connect', 'r0', peer, 'len']), STOPPED);
  // At the end of another connect, which is allowed: to the descriptor before that of the request.
  enforce([reaching(port)], 'kill_process');
  const listener = 17_300 + (process.pid % 100);
  const steps: readonly Step[] = [
    stream,
    ['bind', 'r0', `in:127.0.0.1:${listener}`, 'len'],
    ['listen', 'r0', 1],
    stream,
    ['ring+behind:connect', 'r3', peer, 'len'],
    stream,
    ['connect', 'r5', `in:127.0.0.1:${listener}`, 'len'],
  ];
  assert.deepEqual(call(...steps), STOPPED);
  assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED_AND_KILLED]]);
});

test('A connect by io_uring that waits for its end is enforced whatever its process does besides', () => {
  const stream: Step = ['socket', AF_INET, SOCK_STREAM, 0];
  const [killed, refused] = [9, 10];
  // Another request has its user_data, and the result that an earlier one has left in its memory.
  enforce([reaching(killed)], 'kill_process');
  const forged: Step = ['ring+forged+full:connect', 'r0', `in:127.0.0.1:${killed}`, 'len'];
  assert.deepEqual(call(stream, forged), STOPPED);
  assert.ok(outcomes().some(([, outcome]) => outcome === ENFORCED.REFUSED_AND_KILLED));
  // A call on the same socket to the next port, which is only refused, ends before its completion.
  enforceRules([
    [[reaching(killed)], 'kill_process'],
    [[reaching(refused)], 'deny'],
  ]);
  assert.deepEqual(call(stream, ['ring+between:connect', 'r0', `in:127.0.0.1:${killed}`, 'len']), STOPPED);
});

test('A connect of a socket of MPTCP is that of its subflow', () => {
  for (const way of ['', 'ring:', 'ring+async:']) {
    enforce([reaching(9)], 'kill_process');
    const steps: readonly Step[] = [
      ['socket', AF_INET, SOCK_STREAM, IPPROTO_MPTCP],
      [`${way}connect`, 'r0', 'in:127.0.0.1:9', 'len'],
    ];
    assert.deepEqual(call(...steps), STOPPED, way);
    assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED_AND_KILLED]], way);
  }
});

test('0.0.0.0 and :: are the address that the kernel connects to in their place', async () => {
  const server = createServer();
  server.listen(0, '::');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const to = (address: readonly number[]): ExactClause => ({
    types: ['connect'],
    process: 'any',
    peers: [{ networks: [{ address, bits: 8 * address.length }] }, { ports: [{ from: port, to: port }] }],
  });
  const connect = (family: number, address: string, type = SOCK_STREAM): Ended =>
    call(['socket', family, type, 0], ['connect', 'r0', `${address}:${port}`, 'len']);
  try {
    enforce([to([127, 0, 0, 1]), to([...new Array<number>(15).fill(0), 1])], 'deny');
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      for (const [family, address] of [
        [AF_INET, 'in:0.0.0.0'],
        [AF_INET, 'in:127.0.0.1'],
        [AF_INET6, 'in6:::'],
        [AF_INET6, 'in6:::1'],
      ] as const) {
        assert.deepEqual(connect(family, address, type), RUNS_ON);
        assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED]], address);
      }
    }
    // To its own address, where it is bound to one.
    enforce([to([127, 0, 0, 2])], 'deny');
    call(
      ['socket', AF_INET, SOCK_DGRAM, 0],
      ['bind', 'r0', 'in:127.0.0.2:0', 'len'],
      ['connect', 'r0', `in:0.0.0.0:${port}`, 'len'],
    );
    assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED]]);
    enforce([to([0, 0, 0, 0]), to(new Array<number>(16).fill(0))], 'deny');
    connect(AF_INET, 'in:0.0.0.0');
    connect(AF_INET6, 'in6:::');
    assert.deepEqual(outcomes(), []);
  } finally {
    server.close();
  }
});

test('A limit holds for each time, for each kind of action and for each set of rules', async () => {
  const acted = (): number => events().filter(({ outcome }) => outcome !== ENFORCED.LIMITED).length;
  // One process that is refused again and again counts once, and again in the next window.
  const port = 9;
  // Three processes begin within half of it, on a busy machine too: in 2 s they did not once.
  const two = { count: 2, milliseconds: 4000 };
  const connects = (times: number): readonly Step[] => [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ...new Array<Step>(times).fill(['connect', 'r0', `in:127.0.0.1:${port}`, 'len']),
  ];
  capture.enforce(undefined);
  enforce([reaching(port)], 'deny', { perNode: two });
  call(...connects(5));
  assert.deepEqual([acted(), call(...connects(3)), acted()], [5, RUNS_ON, 3]);
  call(...connects(3));
  assert.equal(acted(), 0);
  // A busy machine fills the rings meanwhile, unless they are read.
  for (const end = Date.now() + 2 * two.milliseconds + 1000; Date.now() < end; await delay(50)) events();
  call(...connects(3));
  assert.equal(acted(), 3);
  // A process that was observed has not been acted on: with other rules, or another mode, it counts anew.
  const one = { count: 1, milliseconds: 60_000 };
  const script = `while read go; do read line < ${SECRET}; echo $go; done`;
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const again = async (): Promise<string> => {
    child.stdin.write('read\n');
    return String((await once(child.stdout, 'data'))[0]).trim();
  };
  capture.enforce(undefined);
  try {
    enforce([opening(SECRET)], 'kill_process', { perNode: one, observes: true });
    assert.deepEqual([await again(), acted()], ['read', 1]);
    for (const observes of [false, true]) {
      enforce([opening(SECRET)], 'kill_process', { perNode: one, observes });
      assert.deepEqual([await again(), acted()], ['read', 0]);
    }
  } finally {
    child.kill();
    capture.enforce(undefined);
  }
});

test('An address of no family is one of IPv4 to a send; a connect gives its peer up by it, and is let through', () => {
  const port = 9;
  const unspecified = `s:\\x00\\x00\\x00\\x09\\x7f\\x00\\x00\\x01${'\\x00'.repeat(8)}`;
  const socket: Step = ['socket', AF_INET, SOCK_DGRAM, 0];
  const disconnect: Step = ['connect', 'r0', unspecified, 16];
  enforce([reaching(port)], 'kill_process');
  assert.deepEqual(call(socket, ['sendto', 'r0', str('x'), 1, 0, unspecified, 16]), STOPPED);
  assert.deepEqual(outcomes(), [['sendto', ENFORCED.REFUSED_AND_KILLED]]);
  assert.deepEqual(call(socket, ['connect', 'r0', 'in:127.0.0.1:10', 'len'], disconnect), RUNS_ON);
  assert.deepEqual(outcomes(), []);
  assert.deepEqual(call(socket, disconnect, ['connect', 'r0', `in:127.0.0.1:${port}`, 'len']), STOPPED);
  assert.deepEqual(outcomes(), [['connect', ENFORCED.REFUSED_AND_KILLED]]);
});

test('A file on a mount that was taken away has no path: what is about its path is not decided', () => {
  const [below, mounted] = [`${directory}/below`, `${directory}/mounted`];
  for (const path of [below, mounted]) mkdirSync(path);
  writeFileSync(`${below}/file`, 'text\n');
  enforce([opening(`${mounted}/file`)], 'kill_process');
  const script = (command: string): string =>
    `mount --bind ${below} ${mounted} && cd ${mounted} && ${command} && read line < file && : > ${MARKER}`;
  const runApart = (command: string): Ended => run('unshare', '--mount', '/bin/sh', '-c', script(command));
  assert.deepEqual(runApart('true'), STOPPED);
  events();
  const decided: [rails: Partial<EnforcementRails>, outcome: number][] = [
    [{}, ENFORCED.UNDECIDED],
    [{ hosts: false }, ENFORCED.HOST],
    [{ executables: [realpathSync('/bin/sh')] }, ENFORCED.PROTECTED],
  ];
  for (const [rails, outcome] of decided) {
    enforce([opening(`${mounted}/file`)], 'kill_process', rails);
    assert.deepEqual(runApart(`umount -l ${mounted}`), RUNS_ON);
    assert.deepEqual(outcomes(), [['openat', outcome]]);
  }
});

test('A program that the first process has no path to is known by the one that it is run by', () => {
  const { program, steps, place } = otherPart(directory, 'wasprey-apart');
  const paths = (): (string | undefined)[] => {
    const found: (string | undefined)[] = [];
    takeEvents((event) => {
      const name = event.image?.bytes('executable');
      if (event.type.name === 'execve' && name && Buffer.from(name).toString().endsWith('/wasprey-apart'))
        found.push(Buffer.from(name).toString());
    });
    return found;
  };
  enforce([running(`${directory}/away/wasprey-apart`, '/wasprey-apart')], 'kill_process');
  spawnSync(actProgram(), actWords(steps));
  assert.deepEqual([existsSync(`${place}/begun`), paths()], [true, [program]]);
  rmSync(`${place}/begun`);
  enforce([running(program)], 'kill_process');
  spawnSync(actProgram(), actWords(steps));
  assert.deepEqual([existsSync(`${place}/begun`), paths()], [false, [program]]);
});

test('What is said anew of a container holds all the while, and what is not is forgotten', async () => {
  const container = new Container();
  try {
    const isRefused = (): Promise<boolean> => isConnectRefused(container);
    enforce([{ ...reaching(9), process: 'container' }], 'deny', { needsPermit: true });
    const [unknown, permitted, never] = [0, 1, 2];
    assert.equal(await isRefused(), false);
    events();
    capture.permitEnforcement(container.id, permitted);
    assert.equal(await isRefused(), true);
    capture.renewPermits();
    assert.equal(await isRefused(), true);
    capture.permitEnforcement(container.id, permitted);
    capture.forgetPermits();
    assert.equal(await isRefused(), true);
    capture.renewPermits();
    capture.forgetPermits();
    assert.equal(await isRefused(), false);
    capture.permitEnforcement(container.id, permitted);
    capture.renewPermits();
    for (const permit of [never, unknown]) {
      capture.permitEnforcement(container.id, permit);
      capture.forgetPermits();
      assert.equal(await isRefused(), false);
    }
  } finally {
    await container.stop();
  }
});

test('A number of a cgroup has that of its hierarchy', () => {
  spawnSync('/bin/true');
  const found = new Set<number>();
  takeEvents((event) => {
    const number = event.image?.big('cgroup_id');
    if (number !== undefined) found.add(Number(number >> 48n));
  });
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  const hierarchies = new Set(lines.map((line) => Number(line.split(':')[0])));
  assert.ok(found.size > 0);
  for (const hierarchy of found) assert.ok(hierarchies.has(hierarchy), `hierarchy ${hierarchy}`);
});

test('A copy that a runtime makes of itself in memory is protected only with the privileges of a runtime', () => {
  // On the host its name is enough.
  const script = `
    import ctypes, os, sys
    fd = os.memfd_create(sys.argv[1])
    os.write(fd, open('/bin/cat', 'rb').read())
    os.execve(fd, ['cat', ${JSON.stringify(SECRET)}], {})`;
  rmSync(MARKER, { force: true });
  enforce([opening(SECRET)], 'kill_process', { runtimes: ['memfd:runc_cloned:'], perNode: MINUTE });
  const runs = (name: string): string | null =>
    spawnSync('python3', ['-c', script.replaceAll('\n    ', '\n').trim(), name]).signal;
  assert.equal(runs('runc_cloned:/proc/self/exe'), null);
  assert.deepEqual(outcomes(), [['openat', ENFORCED.PROTECTED]]);
  assert.equal(runs('other'), 'SIGKILL');
});

test('What never names counts only from the mounts of the machine', () => {
  const program = `${directory}/protected`;
  copyFileSync('/bin/cat', program);
  enforce([opening(SECRET)], 'kill_process', { executables: ['protected'] });
  assert.equal(spawnSync(program, [SECRET]).signal, null);
  assert.deepEqual(outcomes(), [['openat', ENFORCED.PROTECTED]]);
  // A user namespace that anybody can make, with mounts of its own.
  const unshared = spawnSync('unshare', ['--user', '--map-root-user', '--mount', program, SECRET]);
  assert.equal(unshared.signal, 'SIGKILL', String(unshared.stderr));
  assert.ok(!existsSync(MARKER));
});
