// Requests of io_uring: each is evaluated as the system call that it stands for, however it is made and completed.

import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { lackingRingBind } from '../support/live/live-kernel.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AT_FDCWD,
  AT_REMOVEDIR,
  errno,
  O,
  SOCK_DGRAM,
  SOCK_STREAM,
} from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const FILES = probe(
  ['openat', 'openat2', 'unlinkat', 'mkdirat', 'renameat2', 'linkat', 'symlinkat'],
  [
    ...['evt.is_io_uring', 'evt.res', 'evt.is_open_read', 'evt.is_open_write', 'evt.arg.flags', 'evt.arg.mode'],
    ...['evt.arg.resolve', 'evt.arg.name', 'evt.arg.path', 'evt.arg.dirfd', 'evt.arg.oldpath', 'evt.arg.newpath'],
    ...[
      'evt.arg.target',
      'evt.arg.linkpath',
      'fd.num',
      'fd.typechar',
      'fd.name',
      'fd.nameraw',
      'fd.realpath',
      'fd.ino',
    ],
    ...['proc.name', 'proc.exepath'],
  ],
);
const SOCKETS = probe(
  ['socket', 'bind', 'listen', 'connect', 'accept4', 'sendto', 'sendmsg'],
  [
    ...['evt.is_io_uring', 'evt.res', 'evt.arg.domain', 'evt.arg.backlog', 'evt.arg.addr', 'fd.num', 'fd.typechar'],
    ...['fd.name', 'fd.sip', 'fd.sport', 'fd.cip', 'fd.cport', 'fd.l4proto', 'proc.name', 'evt.buffer'],
  ],
);
/** As a stock rule asks: what was opened, for reading, with success. */
const READ = probe(
  ['openat', 'openat2'],
  ['evt.is_io_uring', 'fd.name'],
  "evt.is_open_read = true and fd.typechar = 'f' and fd.num >= 0 and fd.name endswith /secret",
);

/** Of this run: those of the run before may not be free yet. */
const PORT = 17_000 + (process.pid % 100) * 10;
const directory = directoryForTests();
const file = `${directory}/file`;

before(() => {
  writeFileSync(file, 'content');
  mkdirSync(`${directory}/sub`);
  writeFileSync(`${directory}/sub/secret`, 'content');
  writeFileSync(`${directory}/sub/other`, 'content');
});
const agent = LiveAgent.forTests([READ.rule, FILES.rule, SOCKETS.rule]);

/** Runs the steps and compares the alert of each request, in order. */
async function expect(
  what: typeof FILES,
  steps: readonly Step[],
  expected: readonly ExpectedFields[],
): Promise<AlertLine[]> {
  const check = agent.checks(what, ({ call, result, pid }) => ({
    'evt.type': call,
    'evt.rawres': result,
    'proc.pid': pid,
  }));
  const observed = await check(steps, expected);
  return observed.map(({ alert }) => alert);
}

for (const way of ['ring', 'ring+async', 'ring+full']) {
  test(`openat by ${way}: descriptor, name and file as by the system call`, async () => {
    const [{ call, alert } = assert.fail()] = await agent.observe(FILES, [
      [`${way}:openat`, AT_FDCWD, str(file), O.RDWR | O.CLOEXEC],
    ]);
    assert.ok(call.result >= 0);
    assertFields(alert, {
      'evt.type': 'openat',
      'evt.is_io_uring': true,
      'evt.rawres': call.result,
      'evt.res': 'SUCCESS',
      'evt.is_open_read': true,
      'evt.is_open_write': true,
      'evt.arg.flags': 'O_RDWR|O_CLOEXEC',
      'evt.arg.name': file,
      'evt.arg.dirfd': 'AT_FDCWD',
      'fd.num': call.result,
      'fd.typechar': 'f',
      'fd.name': file,
      'fd.nameraw': file,
      'fd.realpath': file,
      'fd.ino': call.inode ?? 0,
      'proc.name': 'act',
      'proc.pid': call.pid,
      'thread.tid': call.tid,
      'thread.ismain': true,
    });
  });
}

test('openat, taken by the thread of the ring: reported with the process that the thread belongs to', async () => {
  const [call = assert.fail()] = await act([['ring+sqpoll:openat', AT_FDCWD, str(file), O.RDONLY]]);
  const alert = await agent.only(FILES.name, { 'proc.vpid': BigInt(call.pid), 'evt.type': 'openat' });
  assertFields(alert, {
    'evt.is_io_uring': true,
    'evt.rawres': call.result,
    'fd.num': call.result,
    'fd.name': file,
    'fd.realpath': file,
    'fd.ino': call.inode ?? 0,
    'proc.name': 'act',
    'proc.pid': call.pid,
    'thread.ismain': false,
  });
});

test('openat of what is not there, and openat2 with what it was given', async () => {
  await expect(
    FILES,
    [
      ['ring:openat', AT_FDCWD, str(`${directory}/none`), O.RDONLY],
      ['ring+async:openat', AT_FDCWD, str(`${directory}/none`), O.RDONLY],
      ['ring:openat2', AT_FDCWD, str(`${directory}/made`), `how:${O.WRONLY | O.CREAT},0640,4`, 'len'],
    ],
    [
      { 'evt.res': 'ENOENT', 'fd.num': -1, 'evt.arg.name': `${directory}/none`, 'evt.is_io_uring': true },
      { 'evt.res': 'ENOENT', 'fd.num': -1, 'evt.arg.name': `${directory}/none`, 'evt.is_io_uring': true },
      {
        'fd.name': `${directory}/made`,
        'fd.realpath': `${directory}/made`,
        'evt.arg.mode': '0640',
        'evt.arg.resolve': 'RESOLVE_NO_SYMLINKS',
      },
    ],
  );
});

test('openat through a link, and relative to a directory', async () => {
  symlinkSync(file, `${directory}/symbolic`);
  await expect(
    FILES,
    [
      ['ring:openat', AT_FDCWD, str(`${directory}/symbolic`), O.RDONLY],
      ['openat', AT_FDCWD, str(`${directory}/sub`), O.RDONLY | O.DIRECTORY],
      ['ring+async:openat', 'r', str('../file'), O.RDONLY],
    ],
    [
      { 'fd.name': `${directory}/symbolic`, 'fd.realpath': file, 'evt.is_io_uring': true },
      { 'fd.name': `${directory}/sub`, 'evt.is_io_uring': false },
      { 'fd.name': file, 'fd.nameraw': '../file', 'fd.realpath': file, 'evt.is_io_uring': true },
    ],
  );
});

test('openat into one of the files of the ring: the file is known, its number is that among them', async () => {
  linkSync(file, `${directory}/hard`);
  symlinkSync(file, `${directory}/slot`);
  await expect(
    FILES,
    [['ring+slot:openat', AT_FDCWD, str(`${directory}/slot`), O.RDONLY]],
    [{ 'evt.rawres': 0, 'fd.num': 3, 'fd.name': `${directory}/slot`, 'fd.realpath': file, 'fd.typechar': 'f' }],
  );
});

test('a request that wants no completion: an open has its descriptor, others are reported when they are made, as if they succeeded', async () => {
  const [open = assert.fail()] = await act([
    ['ring+silent:openat', AT_FDCWD, str(`${directory}/sub/other`), O.RDONLY],
    ['ring+silent:openat', AT_FDCWD, str(`${directory}/none`), O.RDONLY],
    ['ring+silent:unlinkat', AT_FDCWD, str(`${directory}/never`), 0],
  ]);
  await agent.settled();
  const alerts = agent.alerts(FILES.name, { 'proc.vpid': BigInt(open.pid) });
  assert.equal(alerts.length, 3);
  const [opened, missing, unlinked] = alerts;
  assertFields(opened ?? assert.fail(), {
    'evt.res': 'SUCCESS',
    'evt.is_io_uring': true,
    'fd.typechar': 'f',
    'fd.name': `${directory}/sub/other`,
    'fd.realpath': `${directory}/sub/other`,
  });
  assert.ok(Number(opened?.output_fields['fd.num']) < 100);
  assertFields(missing ?? assert.fail(), { 'evt.res': 'ENOENT', 'evt.arg.name': `${directory}/none`, 'fd.num': -1 });
  assertFields(unlinked ?? assert.fail(), {
    'evt.rawres': 0,
    'evt.arg.name': `${directory}/never`,
    'evt.is_io_uring': true,
  });
});

test('a rule on opened files matches, whichever way the file was opened, and not the file beside it', async () => {
  const ways = ['ring', 'ring+sqpoll', 'ring+async', 'ring+slot', 'ring+silent', 'ring+full'];
  const calls = await act([
    ...ways.map((way): Step => [`${way}:openat`, AT_FDCWD, str(`${directory}/sub/secret`), O.RDONLY]),
    ['ring:openat', AT_FDCWD, str(`${directory}/sub/secret`), O.WRONLY],
    ['ring:openat', AT_FDCWD, str(file), O.RDONLY],
  ]);
  await agent.settled();
  const alerts = agent.alerts(READ.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  assert.equal(alerts.length, ways.length);
  for (const alert of alerts) assertFields(alert, { 'evt.is_io_uring': true, 'fd.name': `${directory}/sub/secret` });
});

test('mkdirat, renameat2, symlinkat, linkat and unlinkat: paths and results, and what fails', async () => {
  const path = (name: string): string => `${directory}/${name}`;
  await expect(
    FILES,
    [
      ['ring:mkdirat', AT_FDCWD, str(path('one')), 0o750],
      ['ring:mkdirat', AT_FDCWD, str(path('one')), 0o750],
      ['ring:renameat2', AT_FDCWD, str(path('one')), AT_FDCWD, str(path('two')), 0],
      ['ring:renameat2', AT_FDCWD, str(path('one')), AT_FDCWD, str(path('two')), 0],
      ['ring+async:symlinkat', str('/etc/target'), AT_FDCWD, str(path('pointer'))],
      ['ring:symlinkat', str('/etc/target'), AT_FDCWD, str(path('none/pointer'))],
      ['ring:linkat', AT_FDCWD, str(file), AT_FDCWD, str(path('linked')), 0],
      ['ring:linkat', AT_FDCWD, str(path('none')), AT_FDCWD, str(path('linked2')), 0],
      ['ring:unlinkat', AT_FDCWD, str(path('linked')), 0],
      ['ring:unlinkat', AT_FDCWD, str(path('linked')), 0],
      ['ring+async:unlinkat', AT_FDCWD, str(path('two')), AT_REMOVEDIR],
    ],
    [
      { 'evt.is_io_uring': true, 'evt.rawres': 0, 'evt.arg.path': path('one'), 'evt.arg.mode': '1E8' },
      { 'evt.is_io_uring': true, 'evt.res': 'EEXIST', 'evt.arg.path': path('one') },
      { 'evt.is_io_uring': true, 'evt.rawres': 0, 'evt.arg.oldpath': path('one'), 'evt.arg.newpath': path('two') },
      { 'evt.res': 'ENOENT', 'evt.arg.oldpath': path('one'), 'evt.arg.newpath': path('two') },
      { 'evt.rawres': 0, 'evt.arg.target': '/etc/target', 'evt.arg.linkpath': path('pointer') },
      { 'evt.res': 'ENOENT', 'evt.arg.target': '/etc/target', 'evt.arg.linkpath': path('none/pointer') },
      { 'evt.rawres': 0, 'evt.arg.oldpath': file, 'evt.arg.newpath': path('linked') },
      { 'evt.res': 'ENOENT', 'evt.arg.oldpath': path('none'), 'evt.arg.newpath': path('linked2') },
      { 'evt.rawres': 0, 'evt.arg.name': path('linked'), 'evt.is_io_uring': true },
      { 'evt.res': 'ENOENT', 'evt.arg.name': path('linked') },
      { 'evt.rawres': 0, 'evt.arg.name': path('two'), 'evt.arg.flags': 'AT_REMOVEDIR' },
    ],
  );
});

for (const way of ['ring', 'ring+async']) {
  test(`socket, bind, listen, connect and accept by ${way}`, async (context) => {
    const lacking = await lackingRingBind();
    if (lacking !== undefined) return context.skip(lacking);
    const calls = await agent.observe(SOCKETS, [
      [`${way}:socket`, AF_INET, SOCK_STREAM, 0],
      [`${way}:bind`, 'r0', 'in:127.0.0.1:0', 'len'],
      [`${way}:listen`, 'r0', 7],
      [`${way}:socket`, AF_INET, SOCK_STREAM, 0],
      [`${way}:connect`, 'r3', 'in:127.0.0.1:1', 'len'],
    ]);
    const [, bind, listen, , refused] = calls;
    const local = bind?.call.local ?? assert.fail();
    for (const { call, alert } of calls) {
      assertFields(alert, { 'evt.is_io_uring': true, 'evt.rawres': call.result, 'evt.type': call.call });
    }
    assertFields(calls[0]?.alert ?? assert.fail(), {
      'evt.arg.domain': 'AF_INET',
      'fd.num': calls[0]?.call.result ?? 0,
    });
    assertFields(bind?.alert ?? assert.fail(), { 'fd.sip': '127.0.0.1', 'fd.sport': Number(local.split(':')[1]) });
    assertFields(listen?.alert ?? assert.fail(), { 'evt.arg.backlog': '7', 'fd.name': local });
    assertFields(refused?.alert ?? assert.fail(), {
      'evt.res': 'ECONNREFUSED',
      'fd.sip': '127.0.0.1',
      'fd.sport': 1,
      'fd.typechar': '4',
      'fd.l4proto': 'tcp',
    });
  });
}

test('bind and connect that fail: the address that the kernel tried, whatever is in memory by then', async (context) => {
  // Kernels that bind by io_uring have copied the address of a connect when it is submitted.
  const lacking = await lackingRingBind();
  if (lacking !== undefined) return context.skip(lacking);
  const socket = (family: number): Step => ['socket', family, SOCK_STREAM, 0];
  const observed = await agent.observe(SOCKETS, [
    ...[socket(AF_INET), socket(AF_INET6), socket(AF_UNIX)],
    ['ring:bind', 'r0', `in:192.0.2.1:${PORT + 8}`, 'len'],
    ['ring:bind', 'r1', `in6:2001:db8::1:${PORT + 8}`, 'len'],
    ['ring:bind', 'r2', 'un:/secret/socket', 'len'],
    ['ring:connect', 'r0', `race:in:255.255.255.255:${PORT + 8} in:127.0.0.1:9`, 'len'],
    ['ring:connect', 'r2', 'race:un:/secret/socket un:/decoyy/socket', 'len'],
  ]);
  const [, , , inet, inet6, unix, raced, racedUnix] = observed.map(({ alert }) => alert);
  assertFields(inet ?? assert.fail(), { 'evt.res': 'EADDRNOTAVAIL', 'evt.arg.addr': `192.0.2.1:${PORT + 8}` });
  assertFields(inet6 ?? assert.fail(), { 'evt.res': 'EADDRNOTAVAIL', 'evt.arg.addr': `2001:db8::1:${PORT + 8}` });
  assertFields(unix ?? assert.fail(), { 'evt.res': 'ENOENT', 'evt.arg.addr': '/secret/socket' });
  assertFields(raced ?? assert.fail(), {
    'evt.res': 'ENETUNREACH',
    'fd.sip': '255.255.255.255',
    'fd.sport': PORT + 8,
  });
  assertFields(racedUnix ?? assert.fail(), { 'evt.res': 'ENOENT', 'evt.arg.addr': '/secret/socket' });
});

test('sockets, by the thread of the ring: reported with the process that the thread belongs to', async (context) => {
  const lacking = await lackingRingBind();
  if (lacking !== undefined) return context.skip(lacking);
  const calls = await act([
    ['ring+sqpoll:socket', AF_INET, SOCK_STREAM, 0],
    ['ring+sqpoll:bind', 'r0', 'in:127.0.0.1:0', 'len'],
    ['ring+sqpoll:listen', 'r0', 7],
    ['ring+sqpoll:socket', AF_INET, SOCK_DGRAM, 0],
    ['ring+sqpoll:sendto', 'r3', str('data'), 4, 0, `in:127.0.0.1:${PORT + 4}`, 'len'],
    ['ring+sqpoll:sendmsg', 'r3', `msg:in:127.0.0.1:${PORT + 5}`, 0],
    ['ring+sqpoll:connect', 'r3', `in:127.0.0.1:${PORT + 6}`, 'len'],
  ]);
  await agent.settled();
  const alerts = agent.alerts(SOCKETS.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  assert.deepEqual(
    alerts.map(({ output_fields: fields }) => fields['evt.type']),
    calls.map(({ call }) => call),
  );
  for (const alert of alerts) {
    assertFields(alert, { 'evt.is_io_uring': true, 'proc.name': 'act', 'thread.ismain': false });
  }
  assert.deepEqual(
    alerts.slice(4).map(({ output_fields: fields }) => fields['fd.sport']),
    [BigInt(PORT + 4), BigInt(PORT + 5), BigInt(PORT + 6)],
  );
});

test('accept that goes on: the connection', async () => {
  const observed = await agent.observe(SOCKETS, [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${PORT + 7}`, 'len'],
    ['listen', 'r0', 7],
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r3', `in:127.0.0.1:${PORT + 7}`, 'len'],
    ['ring+many:accept4', 'r0', 'null', 'null', 0],
  ]);
  const { call, alert } = observed.at(-1) ?? assert.fail();
  assertFields(alert, {
    'evt.type': 'accept4',
    'evt.is_io_uring': true,
    'evt.rawres': call.result,
    'fd.sport': PORT + 7,
  });
});

test('connect and accept that succeed: both ends', async () => {
  const listener: Step[] = [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:127.0.0.1:${PORT + 1}`, 'len'],
    ['listen', 'r0', 7],
  ];
  const observed = await agent.observe(SOCKETS, [
    ...listener,
    ['ring:socket', AF_INET, SOCK_STREAM, 0],
    ['ring:connect', 'r3', `in:127.0.0.1:${PORT + 1}`, 'len'],
    ['ring:accept4', 'r0', 'null', 'null', O.CLOEXEC],
  ]);
  const connect = observed.find(({ call }) => call.call === 'connect') ?? assert.fail();
  const accept = observed.find(({ call }) => call.call === 'accept4') ?? assert.fail();
  const client = Number(connect.call.local?.split(':')[1]);
  const ends = { 'fd.sip': '127.0.0.1', 'fd.sport': PORT + 1, 'fd.cip': '127.0.0.1', 'fd.cport': client };
  assertFields(connect.alert, { ...ends, 'evt.res': 'SUCCESS', 'evt.is_io_uring': true });
  assertFields(accept.alert, { ...ends, 'evt.rawres': accept.call.result, 'fd.num': accept.call.result });
});

test('connect to an address without a family, whatever stands behind that: nobody', async () => {
  const unspecified = `s:${'\\x00'.repeat(16)}`;
  // As a pointer of the kernel is.
  const pointer = `s:\\x00\\x00\\x34\\x12\\x80\\x88\\xff\\xff${'\\x00'.repeat(8)}`;
  const observed = await agent.observe(SOCKETS, [
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['connect', 'r0', `in:127.0.0.1:${PORT + 8}`, 'len'],
    ['ring:connect', 'r0', unspecified, 16],
    ['ring:connect', 'r0', pointer, 16],
  ]);
  const connects = observed.filter(({ call }) => call.call === 'connect');
  assert.equal(connects.length, 3);
  for (const { alert } of connects.slice(1))
    assertFields(alert, { 'evt.rawres': 0, 'evt.is_io_uring': true, 'fd.sip': null, 'fd.sport': null });
});

test('datagrams: the first to a peer, by send and by sendmsg, and no more after it', async () => {
  const calls = await act([
    ['socket', AF_INET, SOCK_DGRAM, 0],
    ['ring:sendto', 'r0', str('data'), 4, 0, `in:127.0.0.1:${PORT + 2}`, 'len'],
    ['ring:sendto', 'r0', str('data'), 4, 0, `in:127.0.0.1:${PORT + 2}`, 'len'],
    ['ring:sendmsg', 'r0', `msg:in:127.0.0.1:${PORT + 3}`, 0],
    ['ring:sendmsg', 'r0', `msg:in:127.0.0.1:${PORT + 3}`, 0],
  ]);
  const pid = BigInt(calls[0]?.pid ?? 0);
  const one = await agent.only(SOCKETS.name, { 'proc.vpid': pid, 'evt.type': 'sendto' });
  const other = await agent.only(SOCKETS.name, { 'proc.vpid': pid, 'evt.type': 'sendmsg' });
  const common = { 'evt.is_io_uring': true, 'fd.sip': '127.0.0.1', 'fd.l4proto': 'udp', 'evt.buffer': 'data' };
  assertFields(one, { ...common, 'fd.sport': PORT + 2 });
  assertFields(other, { ...common, 'fd.sport': PORT + 3 });
});

test('refused at once: a request that the kernel takes for none makes no event', async () => {
  const [call = assert.fail()] = await act([['ring:openat', AT_FDCWD, 'null', O.RDONLY]]);
  assert.equal(call.result, -errno('EFAULT'));
  await agent.none(FILES.name, { 'proc.vpid': call.pid });
});
