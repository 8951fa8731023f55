// A path or an address that another thread rewrites during the call: an alert carries what the kernel used, where the kernel keeps
// it. Where it does not, an alert carries what the process's memory held when the call returned: a limit, asserted here too.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findEventType } from '../../host/schema/events/index.ts';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { act, type Call, copyAct, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AT_FDCWD,
  O,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from '../support/live/live-numbers.ts';
import { type Probe, probe } from '../support/live/probe.ts';
import {
  CONNECTED,
  EMPTIED,
  EXECS,
  namedRule,
  OPENS,
  PATHS,
  READ,
  SOCKETS,
  WRITTEN,
} from '../support/live/race-probes.ts';
import { cProgram } from '../support/programs/c-program.ts';
import { until } from '../support/until.ts';

const MSG_FASTOPEN = 0x20000000;

const directory = directoryForTests();

before(() => {
  for (const name of ['secret', 'decoyy']) {
    mkdirSync(`${directory}/${name}`);
    writeFileSync(`${directory}/${name}/the-file`, name);
  }
});
const probes = [OPENS, EXECS, PATHS, SOCKETS, probe(['clone3'], ['evt.arg.flags'])].map(({ rule }) => rule);
const agent = LiveAgent.forTests([...probes, ...[READ, WRITTEN, EMPTIED, CONNECTED].map(namedRule)], {
  ruleMatching: 'all',
});

function secret(name = 'the-file'): string {
  return `${directory}/secret/${name}`;
}

function decoy(name = 'the-file'): string {
  return `${directory}/decoyy/${name}`;
}

/** A path that the kernel reads as the secret one, and the watcher, were it to look, as the decoy. */
function rewritten(name?: string): string {
  return `race:${str(secret(name))} ${str(decoy(name))}`;
}

/** A path that is gone when the call returns. */
function gone(name?: string): string {
  return `race:${str(secret(name))}`;
}

/** How many events of a type are counted as dropped. */
function lostOf(type: string): () => number {
  const number = findEventType(type)?.number ?? assert.fail();
  return () => agent.counters.capture.dropped[number] ?? 0;
}

/** Runs the steps; the alert of the last call, which is one of the probe's. */
async function last(what: Probe, steps: readonly Step[]): Promise<{ readonly call: Call; readonly alert: AlertLine }> {
  const calls = await act(steps);
  const call = calls.at(-1) ?? assert.fail();
  await agent.settled();
  const alert = agent.alerts(what.name, { 'proc.vpid': BigInt(call.pid), 'evt.type': call.call }).at(-1);
  return { call, alert: alert ?? assert.fail(`no event of ${call.call}`) };
}

describe('files', () => {
  for (const way of ['', 'int80:', 'ring:', 'ring+sqpoll:']) {
    const isKernels = way.startsWith('ring');

    test(`${way}openat, the path rewritten: the file that the kernel opened`, async () => {
      const { call, alert } = await last(OPENS, [[`${way}openat`, AT_FDCWD, rewritten(), O.RDONLY]]);
      assert.equal(call.link, secret(), 'the race is won');
      assertFields(alert, {
        'evt.rawres': call.result,
        'fd.realpath': secret(),
        'fd.ino': call.inode ?? 0,
        // What was passed is the process's memory, but for io_uring, which copies it.
        'fd.openpath': isKernels ? secret() : decoy(),
        'fd.nameraw': isKernels ? secret() : decoy(),
        'evt.arg.name': isKernels ? secret() : decoy(),
      });
      const read = await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid) });
      assertFields(read, { 'fd.name': secret(), 'fd.realpath': secret() });
    });
  }

  test('openat, the path gone when the call returns: named by the file that the kernel opened', async () => {
    const { call, alert } = await last(OPENS, [['openat', AT_FDCWD, gone(), O.RDONLY]]);
    assertFields(alert, {
      'evt.rawres': call.result,
      'fd.name': secret(),
      'fd.openpath': secret(),
      'fd.realpath': secret(),
      'fd.ino': call.inode ?? 0,
    });
    await agent.only(READ.name, { 'proc.vpid': BigInt(call.pid) });
  });

  test('openat2 and creat, the path rewritten', async () => {
    const opened = await last(OPENS, [['openat2', AT_FDCWD, rewritten(), 'how:0,0,0', 'len']]);
    assertFields(opened.alert, { 'fd.realpath': secret(), 'fd.openpath': decoy(), 'fd.ino': opened.call.inode ?? 0 });
    const made = await last(OPENS, [['creat', rewritten('made-one'), 0o644]]);
    assert.ok(existsSync(secret('made-one')) && !existsSync(decoy('made-one')));
    assertFields(made.alert, { 'fd.realpath': secret('made-one'), 'fd.ino': made.call.inode ?? 0 });
  });

  for (const [way, what] of [
    ['', 'the file'],
    ['ring:', "the kernel's copy"],
  ] as const) {
    test(`${way}openat2, the access rewritten that it asks for: that of ${what}`, async () => {
      const how = (access: number) => `how:${access},0,0`;
      const raced = `race:${how(O.RDWR)} ${how(O.RDONLY)}`;
      const { call, alert } = await last(OPENS, [[`${way}openat2`, AT_FDCWD, str(secret()), raced, 'len']]);
      assertFields(alert, {
        'evt.rawres': call.result,
        'evt.is_open_read': true,
        'evt.is_open_write': true,
        'fd.realpath': secret(),
      });
      await agent.only(WRITTEN.name, { 'proc.vpid': BigInt(call.pid) });
    });
  }

  test('near miss: what is read is the decoy, whatever stands there afterwards', async () => {
    const { call, alert } = await last(OPENS, [['openat', AT_FDCWD, `race:${str(decoy())}`, O.RDONLY]]);
    assertFields(alert, { 'fd.name': decoy(), 'fd.realpath': decoy() });
    await agent.none(READ.name, { 'proc.vpid': BigInt(call.pid) });
  });

  test('limit: an open that fails has no file, and is reported by what was in memory', async () => {
    const { alert } = await last(OPENS, [['openat', AT_FDCWD, rewritten('not-there'), O.RDONLY]]);
    assertFields(alert, { 'evt.res': 'ENOENT', 'fd.realpath': null, 'evt.arg.name': decoy('not-there') });
  });

  test('limit: calls that leave no open file are reported by what was in memory', async () => {
    writeFileSync(secret('to-remove'), '');
    const removed = await last(PATHS, [['unlinkat', AT_FDCWD, rewritten('to-remove'), 0]]);
    assert.ok(!existsSync(secret('to-remove')), 'the race is won');
    assertFields(removed.alert, { 'evt.rawres': 0, 'evt.arg.name': decoy('to-remove') });
    const made = await last(PATHS, [['mkdirat', AT_FDCWD, rewritten('a-folder'), 0o755]]);
    assert.ok(existsSync(secret('a-folder')));
    assertFields(made.alert, { 'evt.rawres': 0, 'evt.arg.path': decoy('a-folder') });
    const moved = await last(PATHS, [
      ['renameat2', AT_FDCWD, rewritten('a-folder'), AT_FDCWD, rewritten('b-folder'), 0],
    ]);
    assert.ok(existsSync(secret('b-folder')));
    assertFields(moved.alert, { 'evt.arg.oldpath': decoy('a-folder'), 'evt.arg.newpath': decoy('b-folder') });
  });

  test('limit: and have no name where it is gone, which is counted as dropped', async () => {
    const mkdirat = lostOf('mkdirat');
    const renameat2 = lostOf('renameat2');
    const before = [mkdirat(), renameat2()];
    const { alert } = await last(PATHS, [['mkdirat', AT_FDCWD, gone('c-folder'), 0o755]]);
    assert.ok(existsSync(secret('c-folder')));
    assertFields(alert, { 'evt.rawres': 0, 'evt.arg.path': null });
    const folder = str(secret('c-folder'));
    const moved = await last(PATHS, [['renameat2', AT_FDCWD, folder, AT_FDCWD, gone('d-folder'), 0]]);
    assert.ok(existsSync(secret('d-folder')));
    assertFields(moved.alert, { 'evt.rawres': 0, 'evt.arg.newpath': null });
    await until(() => mkdirat() > (before[0] ?? 0) && renameat2() > (before[1] ?? 0));
  });

  test('the same by io_uring: the paths that the kernel used', async () => {
    writeFileSync(secret('to-remove'), '');
    const removed = await last(PATHS, [['ring:unlinkat', AT_FDCWD, rewritten('to-remove'), 0]]);
    assert.ok(!existsSync(secret('to-remove')));
    assertFields(removed.alert, { 'evt.is_io_uring': true, 'evt.rawres': 0, 'evt.arg.name': secret('to-remove') });
    const linked = await last(PATHS, [['ring:symlinkat', rewritten('target'), AT_FDCWD, gone('a-link')]]);
    assertFields(linked.alert, { 'evt.rawres': 0, 'evt.arg.target': secret('target') });
  });
});

test('openat2, its structure in a page of the file that it truncates: taken for truncated, and counted as dropped', async () => {
  const [log, how] = [secret('a-log'), `${directory}/how`];
  writeFileSync(log, 'x'.repeat(5000));
  writeFileSync(how, Uint8Array.from([0x01, 0x02, ...Array(22).fill(0)])); // O_WRONLY | O_TRUNC
  const openat2 = lostOf('openat2');
  const before = openat2();
  const calls = await act([
    ['openat', AT_FDCWD, str(log), O.RDONLY],
    ['mmap', 0, 4096, 3, 2, 'r0', 0], // to read and write, MAP_PRIVATE
    ['openat', AT_FDCWD, str(how), O.RDONLY],
    ['read', 'r2', 'r1', 24],
    ['openat2', AT_FDCWD, str(log), 'r1', 24],
  ]);
  assert.ok((calls.at(-1)?.result ?? -1) >= 0);
  assert.equal(statSync(log).size, 0);
  await agent.only(EMPTIED.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  await until(() => openat2() > before);
});

test('limit: clone3, its flags where it writes the pidfd: they are not known, which is counted as dropped', async () => {
  const [at, file] = [0x2000_0000, `${directory}/clone`];
  const [CLONE_PIDFD, CLONE_NEWUTS, SIGCHLD] = [0x1000, 0x0400_0000, 17];
  const words = new BigUint64Array(8);
  words.set([BigInt(CLONE_PIDFD | CLONE_NEWUTS), BigInt(at), 0n, 0n, BigInt(SIGCHLD)]);
  writeFileSync(file, new Uint8Array(words.buffer));
  const clone3 = lostOf('clone3');
  const before = clone3();
  const calls = await act([
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['mmap', at, 4096, 3, 0x32, -1, 0], // MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS
    ['read', 'r0', at, words.byteLength],
    ['clone3', at, words.byteLength],
  ]);
  assert.ok((calls.at(-1)?.result ?? -1) > 0);
  await until(() => clone3() > before);
});

test('a descriptor that is closed before the call that made it returns: counted as dropped', async () => {
  const lost = lostOf('openat');
  // The first numbers come within a second.
  await until(() => agent.product.summary().engine !== undefined);
  const before = lost();
  // How often it closes one early depends on when its two threads run at once.
  const racing = spawn(cProgram(fileURLToPath(new URL('../support/programs/closed-early.c', import.meta.url))), {
    stdio: 'ignore',
  });
  try {
    await until(() => lost() > before);
  } finally {
    racing.kill('SIGKILL');
  }
});

describe('programs', () => {
  test('execve, the path rewritten: the program that runs', async () => {
    const program = copyAct(`${directory}/secret`, 'secretact');
    const raced = `race:${str(program)} ${str(decoy('secretact'))}`;
    const running = startAct([['execve', raced, 'list:decoyact,@mark,raced', 'null']]);
    const pid = BigInt(running.process.pid ?? assert.fail());
    await running.end();
    const alert = await agent.only(EXECS.name, { 'proc.vpid': pid, 'proc.name': 'secretact' });
    assertFields(alert, {
      'evt.rawres': 0,
      'evt.arg.filename': program,
      'proc.exepath': program,
      'proc.args': '@mark raced',
    });
  });

  test('limit: an execve that fails is reported by what was in memory', async () => {
    const { alert } = await last(EXECS, [['execve', rewritten('no-program'), 'list:no-program', 'null']]);
    assertFields(alert, { 'evt.res': 'ENOENT', 'evt.arg.filename': decoy('no-program') });
  });
});

/** An address that the kernel reads as that of the secret end, which is at 127.0.0.2, and memory has as another. */
function racedAddress(port: number): string {
  return `race:in:127.0.0.2:${port} in:127.0.0.1:9`;
}

function listener(port: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.2:${port}`, 'len'],
    ['listen', 'r0', 1],
  ];
}

describe('addresses', () => {
  const cases: readonly (readonly [name: string, port: number, steps: readonly Step[], expected: ExpectedFields])[] = [
    [
      'connect: the address connected to',
      17201,
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['connect', 'r3', racedAddress(17201), 'len'],
      ],
      { 'evt.res': 'SUCCESS' },
    ],
    [
      'connect by int 0x80',
      17202,
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['int80:connect', 'r3', racedAddress(17202), 'len'],
      ],
      { 'evt.res': 'SUCCESS' },
    ],
    [
      'connect by io_uring',
      17203,
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['ring:connect', 'r3', racedAddress(17203), 'len'],
      ],
      { 'evt.res': 'SUCCESS', 'evt.is_io_uring': true },
    ],
    [
      'connect by io_uring that completes silently',
      17203,
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['ring+unseen:connect', 'r3', racedAddress(17203), 'len'],
      ],
      { 'evt.res': 'SUCCESS', 'evt.is_io_uring': true },
    ],
    [
      'connect that does not wait',
      17201,
      [
        ['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0],
        ['connect', 'r3', racedAddress(17201), 'len'],
      ],
      { 'evt.res': 'EINPROGRESS' },
    ],
    [
      'connect of a socket for datagrams',
      17202,
      [
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r3', racedAddress(17202), 'len'],
      ],
      { 'evt.res': 'SUCCESS' },
    ],
  ];
  for (const [name, port, steps, expected] of cases) {
    test(name, async () => {
      const { call, alert } = await last(SOCKETS, [...listener(port), ...steps]);
      if (call.result === 0) assert.equal(call.peer, `127.0.0.2:${port}`, 'the race is won');
      assertFields(alert, { 'fd.sip': '127.0.0.2', 'fd.sport': port, ...expected });
      await agent.only(CONNECTED.name, { 'proc.vpid': BigInt(call.pid) });
    });
  }

  test('connect by io_uring that fails: the address that the kernel tried', async () => {
    const { alert } = await last(SOCKETS, [
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['ring:connect', 'r0', 'race:in:255.255.255.255:17207 in:127.0.0.1:9', 'len'],
    ]);
    assertFields(alert, { 'evt.res': 'ENETUNREACH', 'fd.sip': '255.255.255.255', 'fd.sport': 17207 });
  });

  test('bind by io_uring that fails: the address that was asked for', async () => {
    const { alert } = await last(SOCKETS, [
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['ring:bind', 'r0', 'in:192.0.2.1:17208', 'len'],
    ]);
    assertFields(alert, { 'evt.res': 'EADDRNOTAVAIL', 'evt.arg.addr': '192.0.2.1:17208' });
  });

  test('connect by sendto with MSG_FASTOPEN', async () => {
    const calls = await act([
      ...listener(17203),
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['sendto', 'r3', str('data'), 4, MSG_FASTOPEN, racedAddress(17203), 'len'],
    ]);
    assert.equal(calls.at(-1)?.peer, '127.0.0.2:17203');
    const alert = await agent.only(CONNECTED.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
    assertFields(alert, { 'evt.rawres': 0 });
  });

  test('connect to an IPv6 address', async () => {
    const { call, alert } = await last(SOCKETS, [
      ['socket', AF_INET6, SOCK_DGRAM, 0],
      ['connect', 'r0', 'race:in6:::1:17204 in6:::2:9', 'len'],
    ]);
    assert.equal(call.result, 0);
    assertFields(alert, { 'fd.sip': '::1', 'fd.sport': 17204 });
  });

  test('connect to a unix socket: the path that it is bound to', async () => {
    const { call, alert } = await last(SOCKETS, [
      ['socket', AF_UNIX, SOCK_STREAM, 0],
      ['bind', 'r0', `un:${secret('a-socket')}`, 'len'],
      ['listen', 'r0', 1],
      ['socket', AF_UNIX, SOCK_STREAM, 0],
      ['connect', 'r3', `race:un:${secret('a-socket')} un:${decoy('a-socket')}`, 'len'],
    ]);
    assert.equal(call.result, 0);
    assert.ok(String(alert.output_fields['fd.name']).endsWith(` ${secret('a-socket')}`), alert.output);
  });

  test('bind: the address that the socket has', async () => {
    const { call, alert } = await last(SOCKETS, [
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['bind', 'r0', racedAddress(17205), 'len'],
    ]);
    assert.equal(call.local, '127.0.0.2:17205');
    assertFields(alert, { 'evt.rawres': 0, 'fd.name': '127.0.0.2:17205', 'fd.sip': '127.0.0.2', 'fd.sport': 17205 });
  });

  test('datagrams by io_uring: the address that they go to', async () => {
    for (const step of [
      ['ring:sendto', 'r0', str('data'), 4, 0, racedAddress(17206), 'len'],
      ['ring:sendmsg', 'r0', `msg:${racedAddress(17206)}`, 0],
    ] satisfies Step[]) {
      const { alert } = await last(SOCKETS, [['socket', AF_INET, SOCK_DGRAM, 0], step]);
      assertFields(alert, { 'evt.is_io_uring': true, 'fd.sip': '127.0.0.2', 'fd.sport': 17206 });
    }
  });

  test('limit: the socket of a datagram does not keep where it went: known from what was in memory', async () => {
    for (const step of [
      ['sendto', 'r0', str('data'), 4, 0, racedAddress(17207), 'len'],
      ['sendmsg', 'r0', `msg:${racedAddress(17207)}`, 0],
      ['sendmmsg', 'r0', `msgs:${racedAddress(17207)}`, 1, 0],
    ] satisfies Step[]) {
      const { call, alert } = await last(SOCKETS, [['socket', AF_INET, SOCK_DGRAM, 0], step]);
      assert.equal(call.result, step[0] === 'sendmmsg' ? 1 : 4);
      assertFields(alert, { 'fd.sip': '127.0.0.1', 'fd.sport': 9 });
    }
  });

  test('connect that is refused: the address that the kernel tried', async () => {
    const { alert } = await last(SOCKETS, [
      ['socket', AF_INET, SOCK_STREAM, 0],
      ['connect', 'r0', 'race:in:127.0.0.2:1 in:127.0.0.1:9', 'len'],
    ]);
    assertFields(alert, { 'evt.res': 'ECONNREFUSED', 'fd.sip': '127.0.0.2', 'fd.sport': 1 });
  });
});
