// The rules on files that tell or decide who may do what, and on the system's programs: what each reports, and what comes close.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, linkSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { directoryForTests } from '../support/directory.ts';
import type { AlertLine } from '../support/live/alert-line.ts';
import { act, actProgram, callOf, copyAct, type Step, str } from '../support/live/live-act.ts';
import { AT_EMPTY_PATH, AT_FDCWD, CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';
import { RuleScene } from '../support/live/live-rules.ts';

const execute = promisify(execFile);
const directory = directoryForTests();
const scene = RuleScene.forTests();

/** Its result does not matter. */
async function run(program: string, args: readonly string[]): Promise<void> {
  await execute(program, args).catch(() => {});
}

describe('Sensitive file read', () => {
  const rule = 'Sensitive file read';
  test('cat /etc/shadow', async () => {
    await execute('cat', ['/etc/shadow']);
    const fields = await scene.reported(rule, 'cat /etc/shadow', 'host');
    assert.equal(fields['fd.realpath'], '/etc/shadow');
    assert.equal(fields['user.name'], 'root');
  });
  test('in a container', async () => {
    await scene.box.exec(['/bin/cat', '/etc/shadow']);
    await scene.reported(rule, 'cat /etc/shadow', scene.box.shortId);
  });
  test('through a symbolic link, and by a way round', async () => {
    symlinkSync('/etc/shadow', `${directory}/innocent`);
    await execute('cat', [`${directory}/innocent`]);
    await scene.reported(rule, `cat ${directory}/innocent`, 'host');
    await execute('cat', ['/etc/../etc//shadow']);
    await scene.reported(rule, 'cat /etc/../etc//shadow', 'host');
  });
  test('by a program that only has the name of a trusted one', async () => {
    await act([['openat', AT_FDCWD, str('/etc/shadow'), O.RDONLY]], { program: copyAct(directory, 'sshd') });
    const { output_fields: fields } = await scene.agent.only(rule, { 'proc.name': 'sshd' });
    assert.equal(fields['proc.exepath'], `${directory}/sshd`);
  });
  test('by another program through a link of a trusted name, and by an interpreter that is called like a script', async () => {
    for (const [name, program, ...args] of [
      ['sshd', '/usr/bin/cat', '/etc/shadow', '/nonexistent/linked'],
      ['adduser', '/usr/bin/perl', '-e', '/usr/; open F, "/etc/shadow"'],
      ['deluser', '/usr/bin/bash', '-c', 'read line < /etc/shadow', '/usr/sbin/deluser'],
    ] as const) {
      mkdirSync(`${directory}/linked`, { recursive: true });
      symlinkSync(program, `${directory}/linked/${name}`);
      await run(`${directory}/linked/${name}`, args);
      const fields = await scene.reported(rule, [name, ...args].join(' '), 'host');
      assert.equal(fields['proc.exepath'], realpathSync(program));
    }
  });
  test('below a shell that is called apt', async () => {
    copyFileSync('/bin/bash', `${directory}/apt`);
    await run(`${directory}/apt`, ['-c', 'cat /etc/shadow /nonexistent/below-apt; true']);
    await scene.reported(rule, 'cat /etc/shadow /nonexistent/below-apt', 'host');
  });
  test('by a trusted program to which the loader adds code; not: by one with a library of the system', async () => {
    const check = (flags: string, env: NodeJS.ProcessEnv): Promise<void> =>
      execute('/usr/sbin/pwck', flags.split(' '), { env }).then(
        () => {},
        () => {}, // its result does not matter
      );
    await check('-r', { LD_PRELOAD: `${directory}/added.so` });
    await check('-qr', { LD_PRELOAD: '/usr/lib/none.so:/tmp/added.so' });
    await check('-rq', { LD_LIBRARY_PATH: `/usr/lib:${directory}` });
    await check('--read-only', { LD_AUDIT: `${directory}/added.so` });
    await check('-q -r', { LD_PRELOAD: 'libnone.so', LD_LIBRARY_PATH: '/usr/lib' });
    for (const flags of ['-r', '-qr', '-rq', '--read-only']) await scene.reported(rule, `pwck ${flags}`, 'host');
    await scene.notReported(rule, 'pwck -q -r');
  });
  test('not: by what the package manager starts', async () => {
    const nothing = ['SourceList', 'SourceParts'].flatMap((key) => ['-o', `Dir::Etc::${key}=/dev/null`]);
    const hook = 'APT::Update::Pre-Invoke::=cat /etc/shadow /nonexistent/below-apt-get; true';
    const state = ['-o', `Dir::State=${directory}/state`, '-o', `Dir::Cache=${directory}/cache`];
    await run('apt-get', [...nothing, ...state, '-o', hook, 'update']);
    await scene.notReported(rule, 'cat /etc/shadow /nonexistent/below-apt-get');
  });
  test('not: by a tool that is there for it; another file; without success', async () => {
    await execute('chage', ['--list', 'root']);
    await execute('cat', ['/etc/passwd']);
    writeFileSync(`${directory}/shadow`, '');
    await execute('cat', [`${directory}/shadow`]);
    await act([['openat', AT_FDCWD, str('/etc/shadow'), O.RDONLY]], { uid: 12345, gid: 12345 });
    await scene.notReported(rule, 'chage --list root');
    await scene.notReported(rule, 'cat /etc/passwd');
    await scene.notReported(rule, `cat ${directory}/shadow`);
    await scene.agent.none(rule, { 'user.uid': 12345n });
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
  /** Of a program of that name, whose calls all succeed, in an /etc of its own. */
  const alertsOn = async (steps: readonly Step[], name: string): Promise<AlertLine['output_fields'][]> => {
    const calls = await act([...overlaid('/etc'), ...steps], { program: copyAct(directory, name) });
    for (const { result } of calls.slice(-steps.length)) assert.ok(result >= 0);
    await scene.agent.settled();
    return scene.agent.alerts(rule, { 'proc.name': name }).map(({ output_fields: fields }) => fields);
  };
  test('made by a shell, in a container', async () => {
    await scene.box.exec(['/bin/sh', '-c', 'echo evil > /etc/profile']);
    const fields = await scene.reported(rule, 'sh -c echo evil > /etc/profile', scene.box.shortId);
    assert.equal(fields['fd.name'], '/etc/profile');
  });
  test('renamed and linked into place', async () => {
    writeFileSync(`${scene.box.root}/tmp/cron`, 'evil');
    await scene.box.exec(['/bin/mv', '/tmp/cron', '/etc/crontab']);
    assert.equal(
      (await scene.reported(rule, 'mv /tmp/cron /etc/crontab', scene.box.shortId))['fs.path.target'],
      '/etc/crontab',
    );
    await scene.box.exec(['/bin/ln', '-s', '/tmp/evil', '/etc/ld.so.preload']);
    assert.equal(
      (await scene.reported(rule, 'ln -s /tmp/evil /etc/ld.so.preload', scene.box.shortId))['fs.path.source'],
      '/etc/ld.so.preload',
    );
  });
  test('the folder itself replaced', async () => {
    mkdirSync(`${scene.box.root}/tmp/planted`);
    await scene.box.exec([
      '/bin/sh',
      '-c',
      'mv /etc /tmp/kept && /bin/mv /tmp/planted /etc; rmdir /etc; mv /tmp/kept /etc',
    ]);
    const fields = await scene.reported(rule, 'mv /tmp/planted /etc', scene.box.shortId);
    assert.equal(fields['fs.path.target'], '/etc');
  });
  test('on the host, by a path that hides it', async () => {
    await act([...overlaid('/etc'), ['openat', AT_FDCWD, str('//tmp/../etc/./new'), O.WRONLY | O.CREAT, 0o600]], {
      program: copyAct(directory, 'etc-writer'),
    });
    const { output_fields: fields } = await scene.agent.only(rule, { 'proc.name': 'etc-writer' });
    assert.equal(fields['fd.name'], '/etc/new');
    assert.equal(fields['container.id'], 'host');
  });
  test('changed without opening it: made, cut, given away, given attributes', async () => {
    const file = '/etc/innocent';
    const changes: readonly Step[] = [
      ['mknod', str(file), 0o100644, 0],
      ['truncate', str(file), 0],
      ['chown', str(file), 1000, 1000],
      ['fchownat', AT_FDCWD, str(`/proc/self/root${file}`), 1000, 1000, 0],
      ['setxattr', str(file), str('trusted.x'), str('v'), 1, 0],
      ['removexattr', str(file), str('trusted.x')],
    ];
    assert.deepEqual(
      (await alertsOn(changes, 'etc-changer')).map((fields) => [fields['evt.type'], fields['fs.path.name']]),
      changes.map(([call]) => [call, file]),
    );
  });
  test('opened for reading, which made it or emptied it; not: with the same flags, one that is there', async () => {
    const file = '/etc/opened';
    const making: Step = ['openat', AT_FDCWD, str(file), O.RDONLY | O.CREAT, 0o644];
    const emptying: Step = ['openat', AT_FDCWD, str(file), O.RDONLY | O.TRUNC];
    assert.deepEqual(
      (await alertsOn([making, making, emptying], 'etc-reader')).map((fields) => fields['evt.arg.flags']),
      ['O_CREAT|O_RDONLY', 'O_TRUNC|O_RDONLY'],
    );
  });
  test('made writable for all, by each way; not: given other permissions', async () => {
    const file = '/etc/permitted';
    const changes: readonly Step[] = [
      ['chmod', str(file), 0o666],
      ['fchmodat', AT_FDCWD, str('/etc'), 0o1777],
      ['fchmod', 'r3', 0o777],
      ['chmod', str(file), 0o4750],
    ];
    const alerts = await alertsOn([['creat', str(file), 0o600], ...changes], 'etc-opener');
    assert.deepEqual(
      alerts.slice(1).map((fields) => [fields['evt.type'], fields['fs.path.name']]),
      [
        ['chmod', file],
        ['fchmodat', '/etc'],
        ['fchmod', file],
      ],
    );
  });
  test('by a copy of tee, and a link to it, that are called runc', async () => {
    for (const [way, make] of Object.entries({
      copied: copyFileSync,
      linked: (to: string, from: string) => symlinkSync(to, from),
    })) {
      mkdirSync(`${directory}/${way}-tee`);
      mkdirSync(`${directory}/${way}-etc`);
      make('/usr/bin/tee', `${directory}/${way}-tee/runc`);
      const script = `mount --bind ${directory}/${way}-etc /etc && ${directory}/${way}-tee/runc /etc/${way} < /dev/null`;
      await execute('unshare', ['--mount', 'sh', '-c', script]);
      await scene.reported(rule, `runc /etc/${way}`, 'host');
    }
  });
  test('a file without a name: when it gets one', async () => {
    const before = overlaid('/etc');
    const nameless: readonly Step[] = [...before, ['openat', AT_FDCWD, str('/etc'), O.TMPFILE | O.WRONLY, 0o600]];
    const link: Step = ['linkat', `r${before.length}`, str(''), AT_FDCWD, str('/etc/named'), AT_EMPTY_PATH];
    callOf(await act(nameless, { program: copyAct(directory, 'etc-nameless') }), 'openat');
    callOf(await act([...nameless, link], { program: copyAct(directory, 'etc-namer') }), 'linkat');
    const { output_fields: fields } = await scene.agent.only(rule, { 'proc.name': 'etc-namer' });
    assert.equal(fields['fs.path.source'], '/etc/named');
    await scene.agent.none(rule, { 'proc.name': 'etc-nameless' });
  });
  test('not: read; another etc; a write that fails; a tool that is there for it', async () => {
    await scene.box.exec(['/bin/cat', '/etc/group']);
    await scene.box.exec(['/bin/mkdir', '/tmp/etc']);
    await scene.box.exec(['/bin/sh', '-c', 'echo > /tmp/etc/profile']);
    await scene.box.exec(['/bin/sh', '-c', 'echo > /etc/group'], { user: '1234:1234', mayFail: true });
    await scene.debian.exec(['/usr/sbin/groupadd', 'tester'], { mayFail: true });
    await scene.notReported(rule, 'cat /etc/group');
    await scene.notReported(rule, 'sh -c echo > /tmp/etc/profile');
    await scene.notReported(rule, 'sh -c echo > /etc/group');
    await scene.notReported(rule, 'groupadd tester');
  });
});

describe('System program changed', () => {
  const rule = 'System program changed';
  for (const [what, command] of [
    ['written', 'cp /usr/bin/act /bin/new'],
    ['given to another user', 'chown 1:1 /bin/new'],
    ['cut', 'truncate -s 5 /bin/new'],
    ['given other permissions', 'chmod 4755 /bin/busybox'],
    ['renamed', 'mv /bin/ls /bin/ls.old'],
    ['deleted', 'rm /bin/ps'],
    ['linked into place', 'ln -s /tmp/evil /usr/bin/sudo'],
  ] as const) {
    test(`${what}, in a container`, async () => {
      await scene.box.exec([`/bin/${command.split(' ')[0]}`, ...command.split(' ').slice(1)]);
      await scene.agent.settled();
      const alerts = scene.agent.alerts(rule, { 'proc.cmdline': command, 'container.id': scene.box.shortId });
      assert.ok(alerts.length > 0, `no alert for ${command}`);
    });
  }
  test('replaced with all of their folder', async () => {
    mkdirSync(`${scene.box.root}/tmp/planted-usr`);
    const back = 'rmdir /usr; mv /tmp/kept-usr /usr';
    await scene.box.exec(['/bin/sh', '-c', `mv /usr /tmp/kept-usr && /bin/mv /tmp/planted-usr /usr; ${back}`]);
    const fields = await scene.reported(rule, 'mv /tmp/planted-usr /usr', scene.box.shortId);
    assert.equal(fields['fs.path.target'], '/usr');
  });
  test('on the host', async () => {
    await act([...overlaid('/usr/local/bin'), ['creat', str('/usr/local/bin/ls'), 0o755]], {
      program: copyAct(directory, 'bin-writer'),
    });
    await scene.agent.only(rule, { 'proc.name': 'bin-writer', 'fs.path.name': '/usr/local/bin/ls' });
  });
  test('not: read; a link to one; files elsewhere; a change that fails', async () => {
    await scene.box.exec(['/bin/cat', '/bin/busybox']);
    await scene.box.exec(['/bin/ln', '-s', '/bin/sh', '/tmp/shell']);
    await scene.box.exec(['/bin/cp', '/bin/busybox', '/tmp/bb']);
    await scene.box.exec(['/bin/chmod', '755', '/tmp/bb']);
    await scene.box.exec(['/bin/rm', '/tmp/bb']);
    await scene.box.exec(['/bin/rm', '-f', '/bin/date'], { user: '1234:1234', mayFail: true });
    await scene.notReported(rule, 'cat /bin/busybox');
    await scene.notReported(rule, 'ln -s /bin/sh /tmp/shell');
    await scene.notReported(rule, 'chmod 755 /tmp/bb');
    await scene.notReported(rule, 'cp /bin/busybox /tmp/bb');
    await scene.notReported(rule, 'rm /tmp/bb');
    await scene.notReported(rule, 'rm -f /bin/date');
  });
  test('not: a package manager at work', async () => {
    linkSync(copyAct(directory, 'script'), `${directory}/postinst`);
    const steps = [
      ...overlaid('/usr/local/bin'),
      ['@exec', `${directory}/postinst`, 'postinst'],
      ['creat', str('/usr/local/bin/x'), 0o755],
    ];
    await act(steps as Step[], { program: copyAct(directory, 'installer') });
    await scene.agent.only(rule, { 'proc.name': 'postinst' });
    // The same below a process called dpkg, and below dpkg.
    const below = (program: string): readonly Step[] => [
      ['@fork'],
      ['@exec', program, 'helper'],
      ['creat', str('/usr/local/bin/y'), 0o755],
    ];
    await act([...overlaid('/usr/local/bin'), ...below(copyAct(directory, 'below-copy'))], {
      program: copyAct(directory, 'dpkg'),
    });
    await scene.agent.only(rule, { 'proc.name': 'below-copy' });
    // On a file system of its own, it is where it was mounted: this process has no other path of it.
    const apart = `${directory}/apart`;
    mkdirSync(apart);
    await act([
      ...overlaid('/usr/local/bin'),
      ['mount', str('none'), str(apart), str('tmpfs'), 0, 'null'],
      ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
      ['openat', AT_FDCWD, str(`${apart}/dpkg`), O.WRONLY | O.CREAT, 0o755],
      ['sendfile', 'r5', 'r4', 'null', 0x7ffff000],
      ['close', 'r5'],
      ['mount', str(`${apart}/dpkg`), str('/usr/bin/dpkg'), 'null', MS_BIND, 'null'],
      ['@exec', '/usr/bin/dpkg', 'dpkg'],
      ...below(copyAct(directory, 'below-dpkg')),
    ]);
    await scene.agent.none(rule, { 'proc.name': 'below-dpkg' });
  });
});
