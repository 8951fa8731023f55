// A 32-bit program, i386's here and ARM's in a guest: each of its calls is reported as the native call is, with what it did.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields, type ExpectedFields } from '../support/live/alert-line.ts';
import { type Argument32, program32, type Step32 } from '../support/live/elf32.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import {
  AF_INET,
  AT_FDCWD,
  AT_REMOVEDIR,
  O,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const directory = directoryForTests();
const path = (name: string): string => join(directory, name);
const file = path('file');

const TYPES = [
  ...['open', 'openat', 'openat2', 'creat', 'mkdir', 'mkdirat', 'rename', 'renameat', 'renameat2', 'rmdir', 'link'],
  ...['linkat', 'symlink', 'symlinkat', 'chmod', 'fchmod', 'fchmodat', 'chown', 'lchown', 'fchown', 'fchownat'],
  ...['truncate', 'ftruncate', 'setxattr', 'removexattr', 'utimensat', 'mknod', 'unlink', 'unlinkat', 'mount'],
  ...['umount2', 'dup', 'dup2', 'dup3', 'memfd_create', 'userfaultfd', 'mmap', 'mprotect', 'socket', 'bind'],
  ...['listen', 'connect', 'accept', 'accept4'],
  ...['sendto', 'sendmsg', 'sendmmsg', 'recvfrom', 'recvmsg', 'setuid', 'setgid', 'setresuid', 'setsid', 'ptrace'],
  ...['unshare', 'setns', 'kill', 'bpf', 'execve'],
];
const CALLS = probe(
  TYPES,
  [
    ...['evt.is_32bit', 'evt.res', 'evt.is_open_write', 'evt.arg.path', 'evt.arg.name', 'evt.arg.filename'],
    ...['evt.arg.oldpath', 'evt.arg.newpath', 'evt.arg.target', 'evt.arg.linkpath', 'evt.arg.flags', 'evt.arg.mode'],
    ...['evt.arg.uid', 'evt.arg.gid', 'evt.arg.resolve', 'evt.arg.request', 'evt.arg.prot', 'evt.arg.pid'],
    ...['group.gid', 'user.uid', 'proc.args', 'proc.cwd', 'proc.exepath', 'evt.arg.data', 'fd.num', 'fd.name'],
    ...['fd.typechar', 'fd.sip', 'fd.sport'],
  ],
  `proc.exepath startswith ${directory}/`,
);

before(() => writeFileSync(file, 'content'));
const agent = LiveAgent.forTests([CALLS.rule]);

/** What a call is reported as: its type, and fields. */
type Expected = ExpectedFields & { readonly 'evt.type': string };
/** A call that is not reported has no fields. */
type Row = readonly [Step32, Expected?];

/** Runs the calls in one program, and compares their events, in order. */
async function check(rows: readonly Row[]): Promise<void> {
  const program = join(mkdtempSync(`${directory}/`), 'program');
  writeFileSync(program, program32(rows.map(([step]) => step)), { mode: 0o755 });
  const { status, error } = spawnSync(program);
  assert.equal(status, 0, String(error));
  await agent.settled();
  // The first has started it.
  const [, ...alerts] = agent.alerts(CALLS.name, { 'proc.exepath': program });
  const expected = rows.flatMap(([, fields]) => (fields ? [{ 'evt.is_32bit': true, ...fields }] : []));
  assert.deepEqual(
    alerts.map((alert) => alert.output_fields['evt.type']),
    expected.map((fields) => fields['evt.type']),
  );
  for (const [index, fields] of expected.entries()) assertFields(alerts[index] ?? assert.fail(), fields);
}

/** struct sockaddr_in. */
function address(port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET);
  bytes.writeUInt16BE(port, 2);
  bytes.set(OWN_ADDRESS, 4);
  return bytes;
}

/** struct msghdr with one part. */
function message(to: Argument32, data: Argument32, length: number): Argument32[] {
  return [to, typeof to === 'number' ? 0 : 16, { words: [data, length] }, 1, 0, 0, 0];
}

/** Two words of 32 bits, as a call gets a number of 64: ARM has it begin at an even register. */
const wide = (value: number): number[] => (process.arch === 'arm64' ? [0, value, 0] : [value, 0]);

/** Of this run: ports of the run before may not be free yet. */
const OWN_ADDRESS = [127, 32, (process.pid >> 8) & 0xff, process.pid & 0xff];
const PORT = 17_000;
const RESOLVE_NO_SYMLINKS = 4;
const ENOENT = -2;

describe('a 32-bit program', () => {
  test('opens files', () =>
    check([
      [['open', file, O.RDWR], { 'evt.type': 'open', 'fd.name': file, 'fd.num': 3, 'evt.is_open_write': true }],
      [['openat', AT_FDCWD, file, O.RDONLY], { 'evt.type': 'openat', 'fd.name': file, 'fd.num': 4 }],
      [
        ['openat2', AT_FDCWD, file, { words: [0, 0, 0, 0, RESOLVE_NO_SYMLINKS, 0] }, 24],
        { 'evt.type': 'openat2', 'fd.name': file, 'evt.arg.resolve': 'RESOLVE_NO_SYMLINKS' },
      ],
      [['creat', path('made'), 0o600], { 'evt.type': 'creat', 'fd.name': path('made'), 'fd.num': 6 }],
      [['open', path('none'), O.RDONLY], { 'evt.type': 'open', 'evt.rawres': ENOENT, 'evt.arg.name': path('none') }],
      [['chdir', directory]],
      [['open', 'file', O.RDONLY], { 'evt.type': 'open', 'fd.name': file, 'proc.cwd': `${directory}/` }],
      [['memfd_create', 'hidden', 1], { 'evt.type': 'memfd_create', 'fd.num': 8, 'evt.rawres': 8 }],
      [['userfaultfd', O.CLOEXEC], { 'evt.type': 'userfaultfd', 'fd.num': 9, 'fd.typechar': 'u' }],
    ]));

  test('changes paths', () =>
    check([
      [['mkdir', path('a'), 0o755], { 'evt.type': 'mkdir', 'evt.arg.path': path('a') }],
      [['mkdirat', AT_FDCWD, path('a'), 0o755], { 'evt.type': 'mkdirat', 'evt.res': 'EEXIST' }],
      [['rename', path('a'), path('b')], { 'evt.type': 'rename', 'evt.arg.newpath': path('b') }],
      [
        ['renameat', AT_FDCWD, path('b'), AT_FDCWD, path('c')],
        { 'evt.type': 'renameat', 'evt.arg.oldpath': path('b'), 'evt.arg.newpath': path('c') },
      ],
      [
        ['renameat2', AT_FDCWD, path('c'), AT_FDCWD, path('d'), 1],
        { 'evt.type': 'renameat2', 'evt.arg.newpath': path('d'), 'evt.arg.flags': 'RENAME_NOREPLACE' },
      ],
      [['rmdir', path('d')], { 'evt.type': 'rmdir', 'evt.arg.path': path('d') }],
      [['link', file, path('hard')], { 'evt.type': 'link', 'evt.arg.newpath': path('hard') }],
      [
        ['linkat', AT_FDCWD, file, AT_FDCWD, path('hard'), 0],
        { 'evt.type': 'linkat', 'evt.res': 'EEXIST', 'evt.arg.newpath': path('hard') },
      ],
      [
        ['symlink', '/etc/x', path('soft')],
        { 'evt.type': 'symlink', 'evt.arg.target': '/etc/x', 'evt.arg.linkpath': path('soft') },
      ],
      [
        ['symlinkat', '/etc/x', AT_FDCWD, path('soft2')],
        { 'evt.type': 'symlinkat', 'evt.arg.linkpath': path('soft2') },
      ],
      [['mknod', path('pipe'), 0o10600, 0], { 'evt.type': 'mknod', 'evt.arg.path': path('pipe') }],
      [['unlink', path('hard')], { 'evt.type': 'unlink', 'evt.arg.path': path('hard') }],
      [
        ['unlinkat', AT_FDCWD, path('none'), AT_REMOVEDIR],
        { 'evt.type': 'unlinkat', 'evt.rawres': ENOENT, 'evt.arg.name': path('none') },
      ],
      [['mount', 'none', path('none'), 'tmpfs', 0, 0], { 'evt.type': 'mount', 'evt.rawres': ENOENT }],
      [['umount2', path('none'), 2], { 'evt.type': 'umount2', 'evt.rawres': ENOENT, 'evt.arg.name': path('none') }],
    ]));

  test('changes files: ids of 16 and of 32 bits', () =>
    check([
      [['open', file, O.RDWR], { 'evt.type': 'open', 'fd.num': 3 }],
      [['chmod', file, 0o4755], { 'evt.type': 'chmod', 'evt.arg.filename': file }],
      [['fchmod', { result: 0 }, 0o600], { 'evt.type': 'fchmod', 'fd.name': file }],
      [['fchmodat', AT_FDCWD, file, 0o644], { 'evt.type': 'fchmodat', 'evt.arg.filename': file }],
      [['chown', file, 0xffff, 12], { 'evt.type': 'chown', 'evt.arg.uid': '4294967295', 'evt.arg.gid': '12' }],
      [['chown32', file, 70_000, -1], { 'evt.type': 'chown', 'evt.arg.path': file, 'evt.arg.uid': '70000' }],
      [['lchown32', file, 0, 0], { 'evt.type': 'lchown', 'evt.arg.uid': '0' }],
      [['fchown32', { result: 0 }, 70_001, 0], { 'evt.type': 'fchown', 'evt.arg.uid': '70001' }],
      [['fchownat', AT_FDCWD, file, 0, 0, 0], { 'evt.type': 'fchownat', 'evt.arg.uid': '0' }],
      [['setxattr', file, 'user.x', 'v', 1, 0], { 'evt.type': 'setxattr' }],
      [['removexattr', file, 'user.x'], { 'evt.type': 'removexattr' }],
      [['truncate64', file, ...wide(5)], { 'evt.type': 'truncate', 'evt.rawres': 0 }],
      [['ftruncate64', { result: 0 }, ...wide(4)], { 'evt.type': 'ftruncate', 'evt.rawres': 0, 'fd.name': file }],
      [['utimensat', AT_FDCWD, file, 0, 0], { 'evt.type': 'utimensat', 'evt.rawres': 0 }],
    ]));

  test('duplicates descriptors, and maps', () =>
    check([
      [['open', file, O.RDWR], { 'evt.type': 'open', 'fd.num': 3 }],
      [['dup', { result: 0 }], { 'evt.type': 'dup', 'fd.num': 4, 'fd.name': file }],
      [['dup2', { result: 0 }, 100], { 'evt.type': 'dup2', 'fd.num': 100, 'fd.name': file }],
      [['dup3', { result: 0 }, 101, O.CLOEXEC], { 'evt.type': 'dup3', 'fd.num': 101, 'fd.name': file }],
      [['fcntl', { result: 0 }, 0, 50], { 'evt.type': 'dup', 'fd.num': 50, 'fd.name': file }],
      [['fcntl64', { result: 0 }, 0, 51], { 'evt.type': 'dup', 'fd.num': 51, 'fd.name': file }],
      [['fcntl64', { result: 0 }, 1, 0]],
      [
        ['mmap2', 0, 4096, 7, 2, { result: 0 }, 0],
        { 'evt.type': 'mmap', 'fd.name': file, 'evt.arg.prot': 'PROT_READ|PROT_WRITE|PROT_EXEC' },
      ],
      [['mprotect', { result: 7 }, 4096, 5], { 'evt.type': 'mprotect', 'evt.arg.prot': 'PROT_READ|PROT_EXEC' }],
    ]));

  test('talks', () => {
    const to = (port: number): ExpectedFields => ({ 'fd.sip': OWN_ADDRESS.join('.'), 'fd.sport': port });
    // i386 has socketcall(2) for them, which compat.test.ts makes.
    const onArmAlone: readonly Row[] = [
      [['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0], { 'evt.type': 'socket', 'fd.num': 7 }],
      [['connect', { result: 14 }, address(PORT), 16], { 'evt.type': 'connect', ...to(PORT) }],
      [['accept', { result: 0 }, 0, 0], { 'evt.type': 'accept', 'fd.num': 8, ...to(PORT) }],
      [['sendto', { result: 6 }, 'last', 4, 0, address(PORT + 1), 16]],
      [['recv', { result: 6 }, 'room', 4, 0], { 'evt.type': 'recvfrom', 'evt.arg.data': 'last' }],
    ];
    return check([
      [['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0], { 'evt.type': 'socket', 'fd.num': 3 }],
      [['bind', { result: 0 }, address(PORT), 16], { 'evt.type': 'bind', 'evt.rawres': 0 }],
      [['listen', { result: 0 }, 7], { 'evt.type': 'listen', ...to(PORT) }],
      [['socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0], { 'evt.type': 'socket', 'fd.num': 4 }],
      [['connect', { result: 3 }, address(PORT), 16], { 'evt.type': 'connect', 'evt.res': 'EINPROGRESS', ...to(PORT) }],
      [['accept4', { result: 0 }, 0, 0, 0], { 'evt.type': 'accept4', 'fd.num': 5, ...to(PORT) }],
      [['socket', AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0], { 'evt.type': 'socket', 'fd.num': 6 }],
      [['bind', { result: 6 }, address(PORT + 1), 16], { 'evt.type': 'bind', 'evt.rawres': 0 }],
      [
        ['sendto', { result: 6 }, 'data', 4, 0, address(PORT + 1), 16],
        { 'evt.type': 'sendto', 'evt.arg.data': 'data', ...to(PORT + 1) },
      ],
      [['recvfrom', { result: 6 }, 'room', 4, 0, 0, 0], { 'evt.type': 'recvfrom', 'evt.arg.data': 'data' }],
      [
        ['sendmsg', { result: 6 }, { words: message(address(PORT + 2), 'more', 4) }, 0],
        { 'evt.type': 'sendmsg', 'evt.arg.data': 'more', ...to(PORT + 2) },
      ],
      [
        ['sendmmsg', { result: 6 }, { words: [...message(address(PORT + 3), 'many', 4), 0] }, 1, 0],
        { 'evt.type': 'sendmmsg', 'evt.arg.data': 'many', ...to(PORT + 3) },
      ],
      [['sendto', { result: 6 }, 'self', 4, 0, address(PORT + 1), 16]],
      [
        ['recvmsg', { result: 6 }, { words: message(0, 'room', 4) }, 0],
        { 'evt.type': 'recvmsg', 'evt.arg.data': 'self' },
      ],
      ...(process.arch === 'arm64' ? onArmAlone : []),
    ]);
  });

  test('changes itself', () =>
    check([
      [['kill', 0x7ffffff0, 0], { 'evt.type': 'kill', 'evt.res': 'ESRCH' }],
      [['ptrace', 0, 0, 0, 0], { 'evt.type': 'ptrace', 'evt.arg.request': 'PTRACE_TRACEME' }],
      [['unshare', 0x04000000], { 'evt.type': 'unshare', 'evt.rawres': 0, 'evt.arg.flags': 'CLONE_NEWUTS' }],
      [['setns', -1, 0], { 'evt.type': 'setns', 'evt.res': 'EBADF' }],
      [['bpf', 99, 0, 0], { 'evt.type': 'bpf', 'evt.res': 'EINVAL' }],
      [['setsid'], { 'evt.type': 'setsid' }],
      [['setgid32', 70_002], { 'evt.type': 'setgid', 'evt.rawres': 0, 'group.gid': 70_002 }],
      [['setresuid32', -1, 70_004, -1], { 'evt.type': 'setresuid', 'evt.rawres': 0, 'user.uid': 70_004 }],
      [['setresuid32', -1, 0, -1], { 'evt.type': 'setresuid', 'evt.rawres': 0, 'user.uid': 0 }],
      [['setresuid', 0xffff, 1234, 0xffff], { 'evt.type': 'setresuid', 'evt.rawres': 0, 'user.uid': 1234 }],
      [['setuid32', 70_003], { 'evt.type': 'setuid', 'evt.res': 'EPERM', 'user.uid': 1234 }],
    ]));

  test('runs another, with the arguments that it gets', async () => {
    const next = path('next');
    writeFileSync(next, program32([['open', file, O.RDONLY]]), { mode: 0o755 });
    // The events that follow are of another program.
    await check([[['execve', next, { words: [next, 'one', 'two', 0] }, 0]]]);
    const run = await agent.only(CALLS.name, { 'evt.type': 'execve', 'proc.args': 'one two' });
    const open = await agent.only(CALLS.name, { 'evt.type': 'open', 'proc.args': 'one two' });
    assertFields(run, { 'evt.is_32bit': true, 'evt.rawres': 0 });
    assertFields(open, { 'evt.is_32bit': true, 'fd.name': file });
  });
});
