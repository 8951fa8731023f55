// The rules on shells and the network, and on kernel modules: what each reports, and what comes close.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { act, copyAct, type RunningAct, type Step, str } from '../support/live/live-act.ts';
import { AF_INET, AF_INET6, AF_UNIX, AT_FDCWD, O, SOCK_DGRAM, SOCK_STREAM } from '../support/live/live-numbers.ts';
import { RuleScene, shippedRules } from '../support/live/live-rules.ts';
import { event, moduleOf, process, startBuiltAgent } from '../support/records/built-agent.ts';
import { inject } from '../support/records/inject.ts';

const directory = directoryForTests();
const scene = RuleScene.forTests();

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
      await scene.debian.exec(['/usr/bin/busybox', 'ip', ...words]);
    }
    listener = scene.debian.startAct(
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
    await scene.debian.exec(['/bin/bash', '-c', `exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`]);
    const fields = await scene.reported(
      connection,
      `bash -c exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`,
      scene.debian.shortId,
    );
    assert.equal(fields['fd.sip'], OUTSIDE);
    assert.equal(fields['fd.sport'], BigInt(PORT));
  });
  test('bash does so by a link of another name', async () => {
    await scene.debian.exec(['/bin/ln', '-s', '/bin/bash', '/tmp/innocent']);
    await scene.debian.exec(['/tmp/innocent', '-c', `exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`]);
    await scene.reported(connection, `innocent -c exec 5<>/dev/tcp/${OUTSIDE}/${PORT}`, scene.debian.shortId);
  });
  test('a one-line program of a shell connects outside', async () => {
    const program = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(${PORT}, inet_aton("${OUTSIDE}"))) or die`;
    await scene.debian.exec(['/bin/bash', '-c', `perl -e '${program}'; true`]);
    await scene.reported(connection, `perl -e ${program}`, scene.debian.shortId);
  });
  test('not: inside; a program that is neither; an interpreter with a program in a file', async () => {
    await scene.debian.exec(['/bin/bash', '-c', `exec 5<>/dev/tcp/${INSIDE}/${PORT}`]);
    await scene.debian.act(connect(OUTSIDE), { program: '/opt/act' });
    const program = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); connect(S, sockaddr_in(${PORT}, inet_aton("${OUTSIDE}"))) or die;`;
    writeFileSync(`${scene.debian.root}/tmp/client.pl`, program);
    await scene.debian.exec(['/bin/bash', '-c', 'perl /tmp/client.pl; true']);
    await scene.notReported(connection, `bash -c exec 5<>/dev/tcp/${INSIDE}/${PORT}`);
    await scene.notReported(connection, 'perl /tmp/client.pl');
    await scene.agent.none(connection, { 'proc.name': 'act' });
  });

  test('a connection becomes standard input', async () => {
    await scene.debian.exec(['/bin/bash', '-c', `exec 0<>/dev/tcp/${OUTSIDE}/${PORT}`]);
    await scene.agent.settled();
    const alerts = scene.agent.alerts(streams, { 'container.id': scene.debian.shortId, 'proc.name': 'bash' });
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
    await scene.agent.only(streams, { 'proc.name': 'reverse', 'evt.rawres': 0n });
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
    await scene.agent.none(streams, { 'proc.name': 'server' });
  });
});

const F_SETFD = 2;

describe('Shell started on a connection', () => {
  const rule = 'Shell started on a connection';
  const PEER = 'in:127.0.0.1:9';
  /** Makes a descriptor number 0 of what the steps before have opened. */
  const ways: readonly (readonly [what: string, name: string, steps: readonly Step[]])[] = [
    [
      'that was made while the descriptor was free',
      'free-input',
      [
        ['close', 0],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 0, PEER, 'len'],
      ],
    ],
    [
      'that another process passed on',
      'passed-input',
      [
        ['socketpair', AF_UNIX, SOCK_STREAM, 0, 'out'],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r1', PEER, 'len'],
        ['sendmsg', 3, 'rights:r1', 0],
        ['close', 0],
        ['recvmsg', 4, 'rights:', 0],
      ],
    ],
    [
      'that was taken from another process',
      'taken-input',
      [
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r0', PEER, 'len'],
        ['@fork'],
        ['close', 'r0'],
        ['pidfd_open', 'parent', 0],
        ['close', 0],
        ['pidfd_getfd', 'r3', 'r0', 0],
        ['fcntl', 0, F_SETFD, 0], // programs would not get it otherwise
      ],
    ],
    [
      'that was a file of a ring',
      'ring-input',
      [
        ['ring+installed:socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 0, PEER, 'len'],
      ],
    ],
    [
      'that is not connected yet',
      'early-input',
      [
        ['close', 0],
        ['socket', AF_INET6, SOCK_STREAM, 0],
      ],
    ],
  ];
  for (const [what, name, steps] of ways) {
    test(`by a socket ${what}`, async () => {
      const folder = `${directory}/${name}`;
      mkdirSync(folder);
      await act([...steps, ['@copy', `${folder}/sh`]]);
      const alert = await scene.agent.only(rule, { 'proc.exepath': `${folder}/sh` });
      assert.match(String(alert.output_fields['proc.stdio.connection']), /^(127\.0\.0\.1:\d+->127\.0\.0\.1:9)?$/);
    });
  }
});

describe('Shell started on a connection, by another name', () => {
  const folder = `${directory}/named`;
  before(() => {
    mkdirSync(folder);
    symlinkSync(copyAct(folder, 'sh'), `${folder}/innocent`);
    writeFileSync(`${folder}/script`, `#!${folder}/sh @mark\n`, { mode: 0o755 });
  });
  for (const name of ['innocent', 'script']) {
    test(`that of a ${name === 'script' ? 'script' : 'link'}`, async () => {
      await act([
        ['close', 0],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['execve', str(`${folder}/${name}`), 'list:@mark,@mark,x', 'null'],
      ]);
      const alert = await scene.agent.only('Shell started on a connection', { 'proc.name': name });
      assert.equal(alert.output_fields['proc.exepath'], `${folder}/sh`);
    });
  }
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
    inject(
      built.agent,
      programs,
      [2, 3, 5, 7].map((image) => event('finit_module', image, { result: 0, ...file })),
    );
    inject(built.agent, [], [event('init_module', 2, { result: 0 })]);
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
    await act(
      [
        ['openat', AT_FDCWD, str('/etc/passwd'), O.RDONLY],
        ['finit_module', 'r0', str(''), 0],
      ],
      { program: loader },
    );
    await scene.agent.only(rule, { 'proc.name': 'loader', 'evt.type': 'finit_module' });
  });
});
