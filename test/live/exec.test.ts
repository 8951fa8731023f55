// execve, execveat: what was run, with which arguments and environment, by whom; failed calls; facts of the executable.

import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DIRECTORIES, directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields } from '../support/live/alert-line.ts';
import { act, actProgram, callOf, copyAct, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { IN_ROOT_PIDS } from '../support/live/live-kernel.ts';
import { AT_EMPTY_PATH, AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const directory = directoryForTests();

const EXEC = probe(
  ['execve', 'execveat'],
  [
    ...[
      'evt.res',
      'evt.category',
      'evt.arg.exe',
      'evt.arg.args',
      'evt.arg.filename',
      'evt.arg.flags',
      'evt.arg.cwd',
      'evt.arg.comm',
    ],
    ...['evt.arg.env', 'evt.arg.tty', 'evt.arg.pgid', 'evt.arg.uid', 'evt.arg.trusted_exepath', 'fd.name', 'fd.num'],
    ...[
      'proc.name',
      'proc.exe',
      'proc.exepath',
      'proc.args',
      'proc.args[0]',
      'proc.args[1]',
      'proc.args[9]',
      'proc.cmdline',
    ],
    ...[
      'proc.exeline',
      'proc.cmdnargs',
      'proc.cmdlenargs',
      'proc.env',
      'proc.env[COLOUR]',
      'proc.env[UNSET]',
      'proc.cwd',
    ],
    ...['proc.tty', 'proc.ppid', 'proc.pname', 'proc.pexe', 'proc.pexepath', 'proc.pcmdline', 'proc.pvpid', 'proc.sid'],
    ...['proc.pgid', 'proc.vpgid', 'proc.sname', 'proc.is_sid_leader', 'proc.is_pgid_leader', 'proc.is_vpgid_leader'],
    ...['proc.is_exe_writable', 'proc.is_exe_upper_layer', 'proc.is_exe_lower_layer', 'proc.is_exe_from_memfd'],
    ...['proc.exe_ino', 'proc.exe_ino.ctime', 'proc.exe_ino.mtime', 'proc.exe_ino.ctime_duration_proc_start'],
    ...[
      'proc.pid.ts',
      'proc.pidns_init_start_ts',
      'proc.duration',
      'user.uid',
      'user.name',
      'user.loginuid',
      'user.loginname',
    ],
    ...[
      'group.gid',
      'group.name',
      'thread.cap_effective',
      'thread.cap_permitted',
      'thread.cap_inheritable',
      'thread.cgroups',
    ],
  ],
  // Those that this test makes: act and copies of it, and what act tries to run.
  `(proc.exepath startswith ${DIRECTORIES} or proc.exepath = ${actProgram()} or proc.aexepath = ${actProgram()}
    or proc.is_exe_from_memfd = true or container.id != host)`,
);

const agent = LiveAgent.forTests([EXEC.rule]);

/** The event by which a process of that pid became what it is. */
async function execOf(pid: number, path: string): Promise<AlertLine> {
  return agent.only(EXEC.name, { 'proc.vpid': BigInt(pid), 'proc.exepath': path, 'evt.rawres': 0n });
}

test('execve of a program: arguments, environment, directory, parent, executable', async () => {
  const program = copyAct(directory, 'program');
  const args = ['@wait', '--', 'close', '77', '--', 'close', 's:two words'];
  const earliest = BigInt(Date.now()) * 1_000_000n;
  const running = startAct([['@wait'], ['close', 77], ['close', 's:two words']], {
    program,
    argv0: 'given name',
    cwd: directory,
    env: { COLOUR: 'dark green', EMPTY: '', PATH: '/bin' },
  });
  const place = await running.place();
  const status = readFileSync(`/proc/${place.pid}/status`, 'utf8');
  running.goOn();
  await running.end();
  const file = statSync(program, { bigint: true });
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1]}`);
  const alert = await execOf(place.pid, program);
  assertFields(alert, {
    'evt.type': 'execve',
    'evt.res': 'SUCCESS',
    'evt.category': 'process',
    'evt.arg.exe': 'given name',
    'evt.arg.filename': program,
    'evt.arg.comm': 'program',
    'evt.arg.trusted_exepath': program,
    'evt.arg.flags': 'EXE_WRITABLE',
    'evt.arg.uid': 'root',
    'evt.arg.tty': '0',
    'fd.name': null,
    'fd.num': null,
    'proc.name': 'program',
    'proc.exe': 'given name',
    'proc.exepath': program,
    'proc.args': args.join(' '),
    'proc.args[0]': '@wait',
    'proc.args[1]': '--',
    'proc.args[9]': '',
    'proc.cmdline': `program ${args.join(' ')}`,
    'proc.exeline': `given name ${args.join(' ')}`,
    'proc.cmdnargs': args.length,
    'proc.cmdlenargs': args.join('').length,
    'proc.env[COLOUR]': 'dark green',
    'proc.env[UNSET]': '',
    'proc.cwd': `${directory}/`,
    'proc.tty': 0,
    'proc.ppid': process.pid,
    'proc.pname': readFileSync(`/proc/${process.pid}/comm`, 'utf8').trim(),
    'proc.pexepath': process.execPath,
    'proc.pexe': readFileSync(`/proc/${process.pid}/cmdline`, 'utf8').split('\0')[0] ?? '',
    'proc.sid': place.sid,
    'proc.pgid': place.pgid,
    'proc.vpgid': place.pgid,
    'proc.is_sid_leader': false,
    'proc.is_pgid_leader': false,
    'proc.is_exe_writable': true,
    'proc.is_exe_upper_layer': false,
    'proc.is_exe_lower_layer': false,
    'proc.is_exe_from_memfd': false,
    'proc.exe_ino': file.ino,
    'proc.exe_ino.ctime': file.ctimeNs,
    'proc.exe_ino.mtime': file.mtimeNs,
    'user.uid': 0,
    'user.name': 'root',
    'group.gid': 0,
    'group.name': 'root',
    'user.loginuid': loginUid(process.pid),
    'container.id': 'host',
  });
  const names = String(alert.output_fields['thread.cap_effective']).split(' ');
  assert.equal(names.length, [...effective.toString(2)].filter((bit) => bit === '1').length);
  assert.ok(names.includes('CAP_SYS_ADMIN'));
  assert.match(String(alert.output_fields['proc.env']), /COLOUR=dark green/);
  assertBetween(alert.output_fields['proc.pid.ts'], earliest, place.before);
});

function loginUid(pid: number): number {
  const value = Number(readFileSync(`/proc/${pid}/loginuid`, 'utf8'));
  return value === 0xffffffff ? -1 : value;
}

/** What two clocks may differ by. */
const CLOCKS = 10_000_000n;

/** However long this machine takes: the process was forked after the one time, and said where it is at the other. */
function assertBetween(actual: unknown, earliest: bigint, latest: bigint): void {
  const time = BigInt(String(actual));
  assert.ok(time > earliest - CLOCKS && time < latest + CLOCKS, `${actual} is not between ${earliest} and ${latest}`);
}

test('a session leader, a process group leader, another user', async () => {
  const program = copyAct(directory, 'leader');
  const running = startAct(
    [['setgid', 1234], ['setuid', 1234], ['@fork'], ['setsid'], ['@exec', program, 'leader'], ['@wait']],
    { program: actProgram() },
  );
  const place = await running.place();
  running.goOn();
  await running.end();
  assert.equal(place.sid, place.pid);
  assertFields(await execOf(place.pid, program), {
    'proc.sid': place.pid,
    'proc.pgid': place.pid,
    'proc.is_sid_leader': true,
    'proc.is_pgid_leader': true,
    'proc.is_vpgid_leader': true,
    'proc.sname': 'leader',
    'proc.ppid': place.ppid,
    'proc.pname': 'act',
    'proc.pexepath': actProgram(),
    'user.uid': 1234,
    'user.name': '<NA>',
    'group.gid': 1234,
    'group.name': '<NA>',
    'thread.cap_effective': '',
    'proc.is_exe_writable': false,
  });
});

test('through a symbolic link: comm is the link, the path is the file', async () => {
  const link = `${directory}/through-link`;
  symlinkSync(copyAct(directory, 'linked-file'), link);
  const calls = await act([
    ['@exec', link, 'x'],
    ['close', 77],
  ]);
  const { pid } = callOf(calls, 'close');
  const alert = await agent.only(EXEC.name, { 'proc.vpid': BigInt(pid), 'proc.name': 'through-link' });
  assertFields(alert, { 'proc.exepath': `${directory}/linked-file`, 'evt.arg.filename': link, 'proc.exe': 'x' });
});

test('a script: comm is the script, the executable its interpreter', async () => {
  const script = `${directory}/script.sh`;
  writeFileSync(script, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  await act([['@fork'], ['execve', str(script), 'list:given,one,two', 'list:COLOUR=red']]).catch(() => {});
  const alert = await agent.only(EXEC.name, { 'evt.arg.filename': script, 'evt.rawres': 0n });
  assertFields(alert, {
    'proc.name': 'script.sh',
    'proc.args': `${script} one two`,
    'proc.env': 'COLOUR=red',
    'proc.exe': '/bin/sh',
  });
  assert.match(String(alert.output_fields['proc.exepath']), /^\/(usr\/)?bin\/(dash|bash|busybox|sh)$/);
});

test('calls that fail leave the process as it was', async () => {
  writeFileSync(`${directory}/no-program`, 'text', { mode: 0o755 });
  const calls = await act([
    ['execve', str(`${directory}/missing`), 'list:missing', 'null'],
    ['execve', str(directory), 'list:directory', 'null'],
    ['execve', str(`${directory}/no-program`), 'list:x', 'null'],
    ['execveat', AT_FDCWD, str('relative/missing'), 'list:x', 'null', 0],
  ]);
  await agent.settled();
  // The first of this process is the one that made it act.
  const [, ...events] = agent.alerts(EXEC.name, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
  assert.equal(events.length, calls.length);
  const expected = [
    { 'evt.res': 'ENOENT', 'evt.arg.filename': `${directory}/missing` },
    { 'evt.res': 'EACCES', 'evt.arg.filename': directory },
    { 'evt.res': 'ENOEXEC', 'evt.arg.filename': `${directory}/no-program` },
    { 'evt.res': 'ENOENT', 'evt.type': 'execveat', 'evt.arg.filename': null },
  ];
  for (const [index, alert] of events.entries()) {
    assertFields(alert, {
      'evt.rawres': calls[index]?.result ?? 0,
      'proc.name': 'act',
      'proc.exepath': actProgram(),
      'proc.pid': calls[index]?.pid ?? 0,
      ...expected[index],
    });
  }
});

// The kernel sets the system call's number to that of execve when it starts a program (set_personality_64bit on x86-64), so that
// a successful execveat leaves the kernel as execve: Falco says so too. bprm->filename shows how it began.
test('execveat by a directory, and by a descriptor alone', async () => {
  const program = copyAct(directory, 'at-program');
  const byDirectory = await act([
    ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
    ['execveat', 'r', str('at-program'), 'list:by-directory,close,77', 'null', 0],
  ]);
  assertFields(await execOf(callOf(byDirectory, 'close').pid, program), {
    'evt.type': 'execve',
    'evt.arg.filename': '/dev/fd/3/at-program',
    'proc.name': 'at-program',
    'proc.exe': 'by-directory',
    'proc.args': 'close 77',
  });
  const byDescriptor = await act([
    ['openat', AT_FDCWD, str(program), O.RDONLY],
    ['execveat', 'r', str(''), 'list:by-descriptor,close,77', 'null', AT_EMPTY_PATH],
  ]);
  assertFields(await execOf(callOf(byDescriptor, 'close').pid, program), {
    'evt.type': 'execve',
    'evt.arg.filename': '/dev/fd/3',
    'proc.exe': 'by-descriptor',
    'proc.is_exe_from_memfd': false,
  });
});

test('a memfd: by execveat, and by its path in /proc', async () => {
  const copy = [
    ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
    ['memfd_create', str('payload'), 0],
    ['sendfile', 'r1', 'r0', 'null', 100_000_000],
  ] as const;
  const empty = await act([...copy, ['execveat', 'r1', str(''), 'list:by-descriptor,close,77', 'null', AT_EMPTY_PATH]]);
  const path = await act([...copy, ['execve', str('/proc/self/fd/4'), 'list:by-path,close,77', 'null']]);
  for (const [calls, exe, filename] of [
    [empty, 'by-descriptor', '/dev/fd/4'],
    [path, 'by-path', '/proc/self/fd/4'],
  ] as const) {
    assertFields(await execOf(callOf(calls, 'close').pid, 'memfd:payload'), {
      'evt.arg.filename': filename,
      'proc.exe': exe,
      'proc.is_exe_from_memfd': true,
    });
  }
});

test('a program that was deleted before it ran', async () => {
  const program = copyAct(directory, 'gone');
  const calls = await act([
    ['openat', AT_FDCWD, str(program), O.RDONLY],
    ['unlink', str(program)],
    ['execveat', 'r0', str(''), 'list:gone,close,77', 'null', AT_EMPTY_PATH],
  ]);
  const pid = BigInt(callOf(calls, 'close').pid);
  const alert = await agent.only(EXEC.name, { 'proc.vpid': pid, 'proc.exe': 'gone' });
  assertFields(alert, { 'proc.exepath': program, 'evt.rawres': 0 });
});

test('long arguments are kept to a limit, and nothing after it is made up', async () => {
  const long = 'x'.repeat(20_000);
  const calls = await act([
    ['@exec', actProgram(), 'long'],
    ['close', 77, str(long)],
  ]);
  const pid = BigInt(callOf(calls, 'close').pid);
  const alert = await agent.only(EXEC.name, { 'proc.vpid': pid, 'proc.exe': 'long' });
  const args = String(alert.output_fields['proc.args']);
  assert.ok(args.length > 1000, `only ${args.length} bytes of arguments`);
  assert.ok(`close 77 s:${long}`.startsWith(args), 'arguments that were never passed');
});

test('arguments that are not text', async () => {
  const calls = await act([
    ['@exec', actProgram(), 'bytes\n\x1b'],
    ['close', 77, str('plain')],
  ]);
  const alert = await agent.only(EXEC.name, {
    'proc.vpid': BigInt(callOf(calls, 'close').pid),
    'proc.exe': 'bytes\n\x1b',
  });
  assertFields(alert, { 'proc.args': 'close 77 s:plain' });
});

test('in a container: layers, namespaces, capabilities, the cgroup', async () => {
  const container = new Container({ cgroupParent: 'docker/' });
  try {
    // One program of the image, one that was dropped.
    copyFileSync(actProgram(), `${container.root}/usr/bin/dropped`);
    const lower = await container.act([['close', 77]]);
    const upper = await container.act([['close', 77]], { program: '/usr/bin/dropped' });
    for (const [calls, name, layer] of [
      [lower, 'act', 'lower'],
      [upper, 'dropped', 'upper'],
    ] as const) {
      const vpid = BigInt(callOf(calls, 'close').pid);
      const alert = await agent.only(EXEC.name, {
        'proc.vpid': vpid,
        'proc.name': name,
        'container.id': container.shortId,
      });
      assertFields(alert, {
        'evt.type': 'execve',
        'proc.exepath': `/usr/bin/${name}`,
        'proc.is_exe_upper_layer': layer === 'upper',
        'proc.is_exe_lower_layer': layer === 'lower',
        'proc.cwd': '/',
        'user.uid': 0,
        'user.name': 'root',
        'thread.cap_effective':
          'CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_NET_BIND_SERVICE ' +
          'CAP_NET_RAW CAP_SYS_CHROOT CAP_MKNOD CAP_AUDIT_WRITE CAP_SETFCAP',
        'proc.exe_ino': statSync(`${container.root}/usr/bin/${name}`).ino,
      });
      assert.notEqual(alert.output_fields['proc.pid'], vpid);
      assert.match(String(alert.output_fields['thread.cgroups']), new RegExp(`/docker/${container.id}`));
      const started = BigInt(String(alert.output_fields['proc.pidns_init_start_ts']));
      assert.ok(started > 0n && started < BigInt(String(alert.output_fields['evt.rawtime'])), `${started}`);
    }
    const guest = await container.act([['close', 77]], { user: '1234:1234' });
    const vpid = BigInt(callOf(guest, 'close').pid);
    const alert = await agent.only(EXEC.name, {
      'proc.vpid': vpid,
      'proc.name': 'act',
      'container.id': container.shortId,
    });
    assertFields(alert, { 'user.uid': 1234, 'group.gid': 1234 });
    if (IN_ROOT_PIDS) assertFields(alert, { 'user.name': 'guest', 'group.name': 'guest' });
  } finally {
    container.stop();
  }
});

test('with a terminal: its number', async () => {
  const container = new Container();
  try {
    await container.exec(['/bin/true', 'on-a-terminal'], { tty: true });
    const alert = await agent.only(EXEC.name, { 'proc.args': 'on-a-terminal', 'container.id': container.shortId });
    // /dev/pts/0 of the container's own devpts: major 136, minor 0, as the kernel encodes it for user space.
    assertFields(alert, { 'proc.tty': 136 << 8, 'proc.is_sid_leader': true });
  } finally {
    container.stop();
  }
});
