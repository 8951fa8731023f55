// The text of each kind of field, against what Falco prints for the same values.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DESCRIPTOR_STATE } from '../../../host/schema/event-structs.ts';
import { check, EVENT_TIME, shown } from '../../support/records/fields.ts';
import { RecordMemory } from '../../support/records/records.ts';

process.env.TZ = 'UTC';

const FILE = { kind: 'f'.charCodeAt(0), device: (254 << 20) | 0, inode: 639018, name: '/etc/shadow', raw: 'shadow' };
const v4 = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Array(12).fill(0)]);
const v6 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(':', ''), 'hex'));

test('an openat that succeeded', () => {
  const memory = new RecordMemory();
  const image = memory.image({ comm: 'cat', pid: 7, uid: 0 }, ['cat', '/etc/shadow']);
  const event = memory.event('openat', image, {
    ...FILE,
    time: EVENT_TIME,
    result: 3,
    fd: 3,
    dirfd: -100,
    open_flags: 0o100 | 0o1 | 0o4000,
    mode: 0o666,
    state: DESCRIPTOR_STATE.NAME_CHANGED,
    tid: 7,
  });
  check(event, {
    'evt.type': 'openat',
    'evt.time': '13:53:08.365763965',
    'evt.time.iso8601': '2026-11-24T13:53:08.365763965+0000',
    'evt.datetime': '2026-11-24 13:53:08.365763965',
    'evt.rawtime': '1795528388365763965',
    'evt.rawtime.s': '1795528388',
    'evt.rawtime.ns': '365763965',
    'evt.reltime': '5',
    'evt.hostname': 'node-1',
    'evt.res': 'SUCCESS',
    'evt.rawres': '3',
    'evt.failed': 'false',
    'evt.dir': '<',
    'evt.category': 'file',
    'evt.is_open_read': 'false',
    'evt.is_open_write': 'true',
    'evt.is_open_exec': 'false',
    'evt.count.error.file': '0',
    'evt.count.error.net': '<NA>',
    'evt.arg.fd': '<f>/etc/shadow',
    'evt.arg.dirfd': 'AT_FDCWD',
    'evt.arg.name': '/etc/shadow',
    'evt.arg.flags': 'O_NONBLOCK|O_CREAT|O_WRONLY',
    'evt.arg.mode': '0666',
    'evt.arg.dev': 'FE00',
    'evt.arg[0]': '<f>/etc/shadow',
    'evt.arg[19]': '<NA>',
    'evt.arg.target': '<NA>',
    'evt.rawarg.flags': '46',
    'evt.rawarg.mode': '666',
    'evt.rawarg.name': 'shadow',
    'evt.rawarg.dirfd': '-100',
    'evt.args':
      'fd=3(<f>/etc/shadow) dirfd=-100(AT_FDCWD) name=shadow(/etc/shadow) flags=70(O_NONBLOCK|O_CREAT|O_WRONLY) mode=0666 dev=FE00 ino=639018',
    'fd.num': '3',
    'fd.type': 'file',
    'fd.typechar': 'f',
    'fd.name': '/etc/shadow',
    'fd.nameraw': 'shadow',
    'fd.directory': '/etc',
    'fd.filename': 'shadow',
    'fd.name_changed': 'true',
    'fd.l4proto': '<NA>',
    'fd.sip': '<NA>',
    'fd.is_server': 'false',
    'fd.dev': 'FE00',
    'fd.dev.major': '254',
    'fd.dev.minor': '0',
    'fd.ino': '639018',
    'fd.uid': '73',
    'fd.containername': 'host:/etc/shadow',
    'fs.path.name': '/etc/shadow',
    'fs.path.nameraw': 'shadow',
    'fs.path.target': '<NA>',
  });
});

test('calls of the open family that failed', () => {
  const memory = new RecordMemory();
  const image = memory.image({});
  const failed = { time: EVENT_TIME, result: -13, fd: -1, name: '/etc/shadow', raw: '/etc/shadow', dirfd: -100 };
  const openat = memory.event('openat', image, failed);
  check(openat, {
    'evt.res': 'EACCES',
    'evt.failed': 'true',
    'evt.count.error': '1',
    'evt.arg.fd': 'EACCES',
    'evt.args': 'fd=-13(EACCES) dirfd=-100(AT_FDCWD) name=/etc/shadow flags=1(O_RDONLY) mode=0 dev=0 ino=0',
    'fd.num': '-1',
    'fd.type': '<NA>',
    'fd.typechar': 'f',
    'fd.name': '/etc/shadow',
    'fd.directory': '/etc',
    'fd.filename': '<NA>',
    'fd.l4proto': '<NA>',
  });
  check(memory.event('open', image, failed), { 'fd.typechar': 'o' });
  check(memory.event('openat', image, { ...failed, result: -4096 }), { 'evt.res': '-4096' });
});

test('connections', () => {
  const memory = new RecordMemory();
  const image = memory.image({});
  const connect = memory.event('connect', image, {
    kind: '4'.charCodeAt(0),
    l4: 6,
    role: 1,
    state: DESCRIPTOR_STATE.CONNECTED | DESCRIPTOR_STATE.NAME_CHANGED,
    local_address: v4(127, 0, 0, 1),
    local_port: 41316,
    remote_address: v4(10, 1, 2, 3),
    remote_port: 18999,
    name: '127.0.0.1:41316->10.1.2.3:18999',
    passed_family: 2,
    passed_address: v4(10, 1, 2, 3),
    passed_port: 18999,
    result: -115,
    fd: 4,
  });
  check(connect, {
    'evt.args':
      'res=-115(EINPROGRESS) tuple=127.0.0.1:41316->10.1.2.3:18999 fd=4(<4t>127.0.0.1:41316->10.1.2.3:18999) addr=10.1.2.3:18999',
    'fd.cip': '127.0.0.1',
    'fd.sip': '10.1.2.3',
    'fd.lip': '127.0.0.1',
    'fd.rip': '10.1.2.3',
    'fd.cport': '41316',
    'fd.sport': '18999',
    'fd.rport': '18999',
    'fd.sproto': '18999',
    'fd.l4proto': 'tcp',
    'fd.sockfamily': 'ip',
    'fd.connected': 'true',
    'fd.nameraw': '',
    'evt.rawarg.addr': '<NA>',
  });
  const accept = memory.event('accept4', image, {
    kind: '6'.charCodeAt(0),
    l4: 6,
    role: 2,
    local_address: v6('2001:0db8:0001:0000:0000:0000:0000:0020'),
    local_port: 8443,
    remote_address: v6('fe80:0000:0000:0000:0000:0000:0000:0001'),
    remote_port: 40000,
    call_flags: 0x1000,
    result: 5,
    fd: 5,
  });
  check(accept, {
    'fd.cip': 'fe80::1',
    'fd.sip': '2001:db8:1::20',
    'fd.lport': '8443',
    'fd.is_server': 'true',
    'evt.arg.flags': '1000',
    'evt.arg.queuepct': '<NA>',
  });
  const listen = memory.event('listen', image, {
    kind: '4'.charCodeAt(0),
    l4: 6,
    role: 2,
    local_address: v4(0, 0, 0, 0),
    local_port: 80,
    name: '0.0.0.0:80',
    fd: 3,
  });
  check(listen, {
    'fd.sip': '0.0.0.0',
    'fd.sport': '80',
    'fd.lport': '80',
    'fd.cip': '<NA>',
    'fd.lip': '<NA>',
    'fd.rport': '<NA>',
  });
  const socket = memory.event('socket', image, { kind: '4'.charCodeAt(0), domain: 1, result: 3, fd: 3 });
  check(socket, {
    'evt.arg.flags': 'O_NONE',
    'evt.rawarg.flags': '0',
    'evt.arg.domain': 'AF_LOCAL|AF_UNIX',
    'fd.sip': '<NA>',
    'fd.name': '',
    'fd.type': 'ipv4',
  });
  const unix = memory.event('connect', image, {
    kind: 'u'.charCodeAt(0),
    name: 'ffff888800001234->ffff88880000abcd /run/app ctl.sock',
    passed_family: 1,
    passed_path: '/run/app ctl.sock',
    result: 0,
    fd: 25,
  });
  check(unix, { 'evt.arg.addr': '/run/app ctl.sock', 'fd.sockfamily': 'unix', 'fd.type': 'unix' });
});

test('buffers, as text and in base64', () => {
  const memory = new RecordMemory();
  const event = memory.event('recvfrom', memory.image({}), { data: 'a\u0000\n?', result: 4, fd: 3 });
  const fields = ['evt.buffer', 'evt.arg.data', 'evt.rawarg.data'] as const;
  check(event, Object.fromEntries(fields.map((name) => [name, 'a..?'])));
  const base64Buffers = true;
  check(event, Object.fromEntries(fields.map((name) => [name, 'YQAKPw=='])), { base64Buffers });
  assert.match(shown(event, 'evt.args', { base64Buffers }), / data=YQAKPw== /);
  assert.match(shown(event, 'evt.args'), / data=a\.\.\? /);
  const empty = memory.event('recvfrom', memory.image({}), { result: 0, fd: 3 });
  assert.equal(shown(empty, 'evt.arg.data', { base64Buffers }), 'NULL');
});

test('calls on paths', () => {
  const memory = new RecordMemory();
  const image = memory.image({ cwd: '/home/eva dir' });
  const rename = memory.event('renameat2', image, {
    old_raw: 'old name',
    old_name: '/home/eva dir/old name',
    old_dirfd: -100,
    new_raw: 'tmp/new',
    new_name: '/tmp/new',
    new_directory: '/',
    new_dirfd: 9,
    call_flags: 0,
  });
  check(rename, {
    'evt.args':
      'res=0 olddirfd=-100(AT_FDCWD) oldpath=old name(/home/eva dir/old name) newdirfd=9(<d>/) newpath=tmp/new(/tmp/new) flags=0',
    'fs.path.source': '/home/eva dir/old name',
    'fs.path.target': '/tmp/new',
    'fs.path.targetraw': 'tmp/new',
    'fd.name': '<NA>',
    'evt.abspath.src': '/home/eva dir/old name',
  });
  const symlink = memory.event('symlinkat', image, {
    old_raw: '../../etc/shadow',
    new_raw: 'lnk',
    new_name: '/home/eva dir/lnk',
    new_dirfd: -100,
  });
  check(symlink, {
    'evt.args': 'res=0 target=../../etc/shadow linkdirfd=-100(AT_FDCWD) linkpath=lnk(/home/eva dir/lnk)',
    'fs.path.source': '/home/eva dir/lnk',
    'fs.path.target': '/etc/shadow',
    'fs.path.targetraw': '../../etc/shadow',
  });
  const link = memory.event('link', image, {
    old_raw: '/srv//etc/passwd.1',
    old_name: '/srv/etc/passwd.1',
    new_raw: '/srv//etc/passwd.lock',
    new_name: '/srv/etc/passwd.lock',
  });
  check(link, {
    'evt.arg.oldpath': '/srv//etc/passwd.1',
    'fs.path.source': '/srv/etc/passwd.lock',
    'fs.path.target': '/srv/etc/passwd.1',
  });
  const unlink = memory.event('unlinkat', image, {
    raw: '.bash_history',
    name: '/w/.bash_history',
    directory: '/w',
    dirfd: 4,
    fd: 4,
  });
  check(unlink, {
    'evt.args': 'res=0 dirfd=4(<d>/w) name=.bash_history(/w/.bash_history) flags=0',
    'fd.name': '/w',
    'fd.directory': '/w',
    'fd.type': 'directory',
    'fd.num': '4',
  });
  const chmod = memory.event('chmod', image, { raw: '/x', name: '/x', mode: 0o104755 });
  check(chmod, {
    'evt.args': 'res=0 filename=/x mode=04755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)',
    'evt.arg.mode': 'S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID',
    'fd.typechar': '<NA>',
  });
  check(memory.event('mkdir', image, { raw: '/tmp', name: '/tmp', mode: 0o777, result: -17 }), {
    'evt.args': 'res=-17(EEXIST) path=/tmp mode=1FF',
    'fs.path.name': '<NA>',
  });
});

test('descriptors, ids and other numbers', () => {
  const memory = new RecordMemory();
  const image = memory.image({ comm: 'ptr', pid: 26571, uid: 1000, user_name: 'eva' });
  check(memory.event('dup2', image, { kind: 'p'.charCodeAt(0), name: '', result: 1, fd: 1, old_fd: 4, new_fd: 1 }), {
    'evt.args': 'res=1(<p>) oldfd=4(<p>) newfd=1(<p>)',
    'fd.type': 'pipe',
    'fd.name': '',
    'fd.directory': '<NA>',
  });
  check(memory.event('bpf', image, { result: -2, fd: -1, call_flags: 11 }), {
    'evt.args': 'fd=-2(ENOENT) cmd=11(BPF_PROG_GET_NEXT_ID)',
    'fd.typechar': 'o',
    'fd.name': '',
    'fd.directory': '/',
  });
  check(memory.event('bpf', image, { result: 0, call_flags: 999 }), { 'evt.arg.cmd': '999' });
  check(memory.event('ptrace', image, { numbers: [16, 26571, 0x1000, 0] }), {
    'evt.args': 'res=0 addr=1000 data=0 request=11(PTRACE_ATTACH) pid=26571(ptr)',
  });
  check(memory.event('setuid', image, { numbers: [0] }), { 'evt.args': 'res=0 uid=0(root)', 'evt.rawarg.uid': '0' });
  check(memory.event('setuid', image, { numbers: [1000] }), { 'evt.arg.uid': 'eva' });
  check(memory.event('setuid', image, { numbers: [4200000000] }), { 'evt.arg.uid': '<NA>' });
  check(memory.event('unshare', image, { numbers: [0x20000] }), { 'evt.args': 'res=0 flags=32(CLONE_NEWNS)' });
});
