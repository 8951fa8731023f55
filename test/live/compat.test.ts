// 32-bit system calls, by `int 0x80` and of a 32-bit program: told as the native calls are. x32 is refused by the kernel.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { program32 } from '../support/live/elf32.ts';
import { act, actProgram, type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AF_INET, AT_FDCWD, AT_REMOVEDIR, errno, O, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const CALLS = probe(
  [
    ...['open', 'openat', 'openat2', 'creat', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'rename', 'renameat'],
    ...['renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'chmod', 'fchmod', 'fchmodat', 'dup', 'dup2', 'dup3'],
    ...['setuid', 'setgid', 'setresuid', 'ptrace', 'umount2', 'memfd_create', 'unshare', 'setns', 'bpf', 'execve'],
    ...['userfaultfd'],
  ],
  [
    ...['evt.is_32bit', 'evt.res', 'evt.is_open_read', 'evt.is_open_write', 'evt.arg.flags', 'evt.arg.mode'],
    ...['evt.arg.name', 'evt.arg.path', 'evt.arg.filename', 'evt.arg.oldpath', 'evt.arg.newpath', 'evt.arg.resolve'],
    ...['evt.arg.target', 'evt.arg.linkpath', 'evt.arg.uid', 'evt.arg.request', 'evt.arg.oldfd', 'evt.arg.ruid'],
    ...['evt.arg.euid', 'evt.arg.suid', 'fd.num', 'fd.typechar', 'fd.name', 'fd.realpath', 'fd.ino', 'proc.name'],
    ...['proc.cwd', 'user.uid', 'proc.exepath', 'proc.args'],
  ],
  'proc.name in (act, opener32)',
);
const SOCKETS = probe(
  ['socket', 'bind', 'listen', 'connect', 'accept', 'accept4', 'sendto', 'sendmsg'],
  [
    'evt.is_32bit',
    'evt.res',
    'fd.num',
    'fd.typechar',
    'fd.name',
    'fd.sip',
    'fd.sport',
    'fd.l4proto',
    'evt.arg.backlog',
  ],
);

/** Of this run: those of the run before may not be free yet. */
const PORT = 15_000 + (process.pid % 50) * 20;
const directory = directoryForTests();
const file = `${directory}/file`;

before(() => {
  writeFileSync(file, 'content');
});
const agent = LiveAgent.forTests([CALLS.rule, SOCKETS.rule]);

/** Runs the steps and compares the event of each, in order; each by itself has to be reported as a 32-bit one. */
async function expect(what: typeof CALLS, table: readonly (readonly [Step, ExpectedFields])[]): Promise<void> {
  const check = agent.checks(what, ({ call, result, pid }) => ({
    'evt.type': call,
    'evt.rawres': result,
    'evt.is_32bit': true,
    'proc.pid': pid,
  }));
  await check(
    table.map(([step]) => step),
    table.map(([, expected]) => expected),
  );
}

test('opening files by int 0x80, and failing to', async () => {
  const none = `${directory}/none`;
  await expect(CALLS, [
    [['int80:open', str(file), O.RDWR], { 'fd.name': file, 'fd.realpath': file, 'evt.is_open_write': true }],
    [
      ['int80:openat', AT_FDCWD, str(file), O.RDONLY],
      { 'fd.name': file, 'fd.typechar': 'f', 'evt.is_open_read': true },
    ],
    [
      ['int80:openat2', AT_FDCWD, str(file), 'how:0,0,4', 'len'],
      { 'fd.name': file, 'evt.arg.resolve': 'RESOLVE_NO_SYMLINKS' },
    ],
    [['int80:creat', str(`${directory}/made`), 0o600], { 'fd.name': `${directory}/made` }],
    [['int80:open', str(none), O.RDONLY], { 'evt.res': 'ENOENT', 'fd.num': -1, 'evt.arg.name': none }],
  ]);
});

test('calls on paths by int 0x80', async () => {
  const path = (name: string): string => `${directory}/${name}`;
  await expect(CALLS, [
    [['int80:mkdir', str(path('one')), 0o755], { 'evt.rawres': 0, 'evt.arg.path': path('one') }],
    [['int80:mkdirat', AT_FDCWD, str(path('one')), 0o755], { 'evt.res': 'EEXIST', 'evt.arg.path': path('one') }],
    [
      ['int80:rename', str(path('one')), str(path('two'))],
      { 'evt.arg.oldpath': path('one'), 'evt.arg.newpath': path('two') },
    ],
    [
      ['int80:renameat', AT_FDCWD, str(path('two')), AT_FDCWD, str(path('one'))],
      { 'evt.arg.oldpath': path('two'), 'evt.arg.newpath': path('one') },
    ],
    [
      ['int80:renameat2', AT_FDCWD, str(path('one')), AT_FDCWD, str(path('two')), 1],
      { 'evt.arg.newpath': path('two'), 'evt.arg.flags': 'RENAME_NOREPLACE' },
    ],
    [['int80:rmdir', str(path('two'))], { 'evt.rawres': 0, 'evt.arg.path': path('two') }],
    [['int80:link', str(file), str(path('hard'))], { 'evt.arg.oldpath': file, 'evt.arg.newpath': path('hard') }],
    [
      ['int80:linkat', AT_FDCWD, str(file), AT_FDCWD, str(path('hard')), 0],
      { 'evt.res': 'EEXIST', 'evt.arg.newpath': path('hard') },
    ],
    [
      ['int80:symlink', str('/etc/x'), str(path('soft'))],
      { 'evt.arg.target': '/etc/x', 'evt.arg.linkpath': path('soft') },
    ],
    [
      ['int80:symlinkat', str('/etc/x'), AT_FDCWD, str(path('soft2'))],
      { 'evt.arg.target': '/etc/x', 'evt.arg.linkpath': path('soft2') },
    ],
    [['int80:chmod', str(path('hard')), 0o4755], { 'evt.arg.filename': path('hard'), 'evt.rawres': 0 }],
    [['int80:fchmodat', AT_FDCWD, str(path('hard')), 0o644], { 'evt.arg.filename': path('hard'), 'evt.rawres': 0 }],
    [['int80:unlink', str(path('hard'))], { 'evt.arg.path': path('hard'), 'evt.rawres': 0 }],
    [
      ['int80:unlinkat', AT_FDCWD, str(path('none')), AT_REMOVEDIR],
      { 'evt.res': 'ENOENT', 'evt.arg.name': path('none') },
    ],
    [['int80:umount2', str(path('none')), 2], { 'evt.res': 'ENOENT', 'evt.arg.name': path('none') }],
  ]);
});

test('descriptors by int 0x80: duplicates, fcntl among them', async () => {
  const observed = await agent.observe(CALLS, [
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['int80:dup', 'r0'],
    ['int80:dup2', 'r0', 100],
    ['int80:dup3', 'r0', 101, O.CLOEXEC],
  ]);
  for (const { call, alert } of observed.slice(1)) {
    assertFields(alert, { 'evt.is_32bit': true, 'fd.num': call.result, 'fd.name': file, 'evt.rawres': call.result });
  }
  const [, call = assert.fail()] = await act([
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['int80:fcntl', 'r0', 0, 50],
    ['int80:fcntl', 'r0', 1, 0],
  ]);
  const alert = await agent.only(CALLS.name, { 'proc.vpid': BigInt(call.pid), 'evt.type': 'dup' });
  assertFields(alert, { 'evt.is_32bit': true, 'fd.num': 50, 'fd.name': file });
});

test('userfaultfd by int 0x80', async () => {
  const [made, failed] = await agent.observe(CALLS, [
    ['int80:userfaultfd', O.CLOEXEC],
    ['int80:userfaultfd', 0x7fff0000],
  ]);
  const number = made?.call.result ?? assert.fail();
  assertFields(made?.alert ?? assert.fail(), {
    'evt.is_32bit': true,
    'fd.num': number,
    'fd.typechar': 'u',
    'evt.arg.flags': 'O_CLOEXEC',
  });
  assertFields(failed?.alert ?? assert.fail(), { 'evt.is_32bit': true, 'evt.res': 'EINVAL', 'fd.num': -1 });
});

test('what a process does to itself by int 0x80: the events, and what it is afterwards', async () => {
  await expect(CALLS, [
    [['int80:setresuid', -1, 1234, -1], { 'evt.rawres': 0, 'user.uid': 1234 }],
    [['int80:openat', AT_FDCWD, str(file), O.RDONLY], { 'user.uid': 1234 }],
  ]);
  const calls = await act([
    ['int80:chdir', str(directory)],
    ['openat', AT_FDCWD, str('file'), O.RDONLY],
  ]);
  const alert = await agent.only(CALLS.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0), 'evt.type': 'openat' });
  assertFields(alert, { 'fd.name': file, 'proc.cwd': `${directory}/`, 'evt.is_32bit': false });
});

for (const [way, accept, port] of [
  ['int80', 'accept4', PORT],
  ['socketcall', 'accept', PORT + 10],
] as const) {
  test(`sockets by ${way}`, async () => {
    const observed = await agent.observe(SOCKETS, [
      [`${way}:socket`, AF_INET, SOCK_STREAM, 0],
      [`${way}:bind`, 'r0', `in:127.0.0.1:${port + 1}`, 'len'],
      [`${way}:listen`, 'r0', 7],
      [`${way}:socket`, AF_INET, SOCK_STREAM, 0],
      [`${way}:connect`, 'r3', `in:127.0.0.1:${port + 1}`, 'len'],
      [`${way}:${accept}`, 'r0', 'null', 'null', 0],
      [`${way}:socket`, AF_INET, SOCK_DGRAM, 0],
      [`${way}:sendto`, 'r6', str('data'), 4, 0, `in:127.0.0.1:${port + 2}`, 'len'],
      [`${way}:sendmsg`, 'r6', `msg32:in:127.0.0.1:${port + 3}`, 0],
      [`${way}:connect`, 'r6', `in:127.0.0.1:${port + 4}`, 'len'],
    ]);
    assert.equal(observed.length, 10);
    for (const { call, alert } of observed) {
      assertFields(alert, { 'evt.type': call.call, 'evt.is_32bit': true, 'evt.rawres': call.result });
    }
    const ports = observed.map(({ alert }) => alert.output_fields['fd.sport']);
    assert.deepEqual(ports.slice(4, 6), [BigInt(port + 1), BigInt(port + 1)]);
    assert.deepEqual(
      ports.slice(7),
      [2, 3, 4].map((n) => BigInt(port + n)),
    );
  });
}

test('a 32-bit program: that it was run, and what it opens', async () => {
  const program = `${directory}/opener32`;
  writeFileSync(program, program32([['open', file, O.RDONLY]]), { mode: 0o755 });
  const { status, error } = spawnSync(program, [file]);
  assert.equal(status, 0, String(error));
  const run = await agent.only(CALLS.name, { 'proc.exepath': program, 'evt.type': 'execve' });
  const open = await agent.only(CALLS.name, { 'proc.exepath': program, 'evt.type': 'open' });
  assertFields(run, { 'proc.name': 'opener32', 'proc.args': file, 'evt.rawres': 0 });
  assertFields(open, { 'fd.name': file, 'fd.realpath': file, 'evt.is_32bit': true, 'evt.is_open_read': true });
});

test('a 64-bit program that a 32-bit call runs', async () => {
  const running = startAct([['int80:execve', str(actProgram()), 'null', 'null']]);
  await running.end().catch(() => {}); // without arguments act does nothing
  const pid = running.process.pid ?? assert.fail();
  await agent.settled();
  const alerts = agent.alerts(CALLS.name, { 'proc.vpid': BigInt(pid), 'evt.type': 'execve' });
  assert.equal(alerts.length, 2, 'of act, and of what it became');
});

test('the kernel refuses x32 calls', async () => {
  const [call] = await act([['x32:openat', AT_FDCWD, str(file), O.RDONLY]]);
  assert.equal(call?.result, -errno('ENOSYS'));
});
