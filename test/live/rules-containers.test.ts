// The rules on shells and programs in containers, and on programs run from memory: what each reports, and what comes close.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { directoryForTests } from '../support/directory.ts';
import { act, actProgram, copyAct, type Step, str } from '../support/live/live-act.ts';
import { AT_EMPTY_PATH, AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { RuleScene } from '../support/live/live-rules.ts';

const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWPID = 0x20000000;
const execute = promisify(execFile);
const directory = directoryForTests();
const scene = RuleScene.forTests();

/** As a server would: a child of act that becomes another program. */
function startProgram(...words: string[]): Step[] {
  return [['@fork'], ['execve', str(words[0] ?? ''), `list:${words.join(',')}`, 'null']];
}

describe('Terminal shell in container', () => {
  const rule = 'Terminal shell in container';
  test('a shell that the runtime starts with a terminal', async () => {
    await scene.box.exec(['/bin/sh', '-c', 'true by-hand'], { tty: true });
    const fields = await scene.reported(rule, 'sh -c true by-hand', scene.box.shortId);
    const tty = fields['proc.tty'];
    assert.ok(typeof tty === 'bigint' && tty > 0n, `proc.tty is ${tty}`);
  });
  test('not: without a terminal; another program with one; a shell with one outside of containers', async () => {
    await scene.box.exec(['/bin/sh', '-c', 'true no-terminal']);
    await scene.box.exec(['/bin/true', 'no-shell'], { tty: true });
    await execute('script', ['-qec', "sh -c 'true on-the-host'", '/dev/null']);
    await scene.notReported(rule, 'sh -c true no-terminal');
    await scene.notReported(rule, 'true no-shell');
    await scene.notReported(rule, 'sh -c true on-the-host');
  });
  test('not: a script that the runtime starts with a terminal', async () => {
    writeFileSync(`${scene.box.root}/tmp/entrypoint`, '#!/bin/sh -e\ntrue\n', { mode: 0o755 });
    await scene.box.exec(['/tmp/entrypoint', 'with-terminal'], { tty: true });
    await scene.notReported(rule, 'entrypoint -e /tmp/entrypoint with-terminal');
  });
  test('not: the shells that such a shell starts', async () => {
    await scene.box.exec(['/bin/sh', '-c', 'sh -c "true nested"; true'], { tty: true });
    await scene.notReported(rule, 'sh -c true nested');
  });
});

describe('Shell spawned in container', () => {
  const rule = 'Shell spawned in container';
  test('by a program that is not a shell', async () => {
    await scene.box.act(startProgram('/bin/sh', '-c', 'true injected'));
    const fields = await scene.reported(rule, 'sh -c true injected', scene.box.shortId);
    assert.equal(fields['proc.pname'], 'act');
  });
  test('by a link of another name; not: a script', async () => {
    symlinkSync('/bin/busybox', `${scene.box.root}/tmp/innocent`);
    writeFileSync(`${scene.box.root}/tmp/hook`, '#!/bin/sh\ntrue\n', { mode: 0o755 });
    await scene.box.act([['@fork'], ['execve', str('/tmp/innocent'), 'list:sh,-c,true renamed', 'null']]);
    await scene.box.act(startProgram('/tmp/hook', 'of-a-server'));
    await scene.reported(rule, 'innocent -c true renamed', scene.box.shortId);
    await scene.notReported(rule, 'hook /tmp/hook of-a-server');
  });
  test('the first program of a PID namespace that a program of the container has made', async () => {
    await scene.box.act([
      ['unshare', CLONE_NEWUSER | CLONE_NEWPID],
      ...startProgram('/bin/sh', '-c', 'true own-namespace'),
    ]);
    const fields = await scene.reported(rule, 'sh -c true own-namespace', scene.box.shortId);
    assert.equal(fields['proc.pname'], 'act');
  });
  test('not: by the runtime, by a shell, by a program that runs commands for a living; outside of containers', async () => {
    await scene.box.exec(['/bin/sh', '-c', 'true probe']);
    await scene.box.exec(['/bin/sh', '-c', 'sh -c "true by-shell"; true']);
    await scene.box.exec(['/bin/sh', '-c', 'echo by-xargs | xargs sh -c true']);
    await act(startProgram('/bin/sh', '-c', 'true on-the-host'));
    await scene.notReported(rule, 'sh -c true probe');
    await scene.notReported(rule, 'sh -c true by-shell');
    await scene.notReported(rule, 'sh -c true by-xargs');
    await scene.notReported(rule, 'sh -c true on-the-host');
  });
});

describe('Package management in container', () => {
  const rule = 'Package management in container';
  test('a package is to be installed', async () => {
    await scene.debian.exec(['/usr/bin/apt-get', 'install', '--yes', 'wasprey-no-such-package'], { mayFail: true });
    await scene.reported(rule, 'apt-get install --yes wasprey-no-such-package', scene.debian.shortId);
    await scene.debian.exec(['/usr/bin/dpkg', '--install', '/tmp/none.deb'], { mayFail: true });
    await scene.reported(rule, 'dpkg --install /tmp/none.deb', scene.debian.shortId);
  });
  test('not: a question; the same outside of containers', async () => {
    await scene.debian.exec(['/usr/bin/dpkg', '--list', 'apt'], { mayFail: true });
    await scene.debian.exec(['/usr/bin/apt-get', '--version'], { mayFail: true });
    await execute('apt-get', ['--simulate', 'install', 'wasprey-no-such-package']).catch(() => {});
    await scene.notReported(rule, 'dpkg --list apt');
    await scene.notReported(rule, 'apt-get --version');
    await scene.notReported(rule, 'apt-get --simulate install wasprey-no-such-package');
  });
});

describe('Dropped program run in container', () => {
  const rule = 'Dropped program run in container';
  test('a program that was copied in', async () => {
    await scene.box.exec(['/bin/cp', '/usr/bin/act', '/tmp/dropped']);
    await scene.box.exec(['/tmp/dropped', 'close', '77']);
    const fields = await scene.reported(rule, 'dropped close 77', scene.box.shortId);
    assert.equal(fields['proc.exepath'], '/tmp/dropped');
  });
  test('not: one of the image; a new one outside of containers', async () => {
    await scene.box.exec(['/usr/bin/act', 'close', '78']);
    await act([['close', 79]], { program: copyAct(directory, 'new-on-host') });
    await scene.notReported(rule, 'act close 78');
    await scene.notReported(rule, 'new-on-host close 79');
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
    const { output_fields: fields } = await scene.agent.only(rule, { 'proc.exepath': 'memfd:payload' });
    assert.equal(fields['proc.exe'], 'memory');
  });
  test('not: a memfd that holds data; a file by its descriptor; the runtime, which runs its own copy', async () => {
    await act([...copy, ['execveat', 'r0', str(''), 'list:descriptor,close,78', 'null', AT_EMPTY_PATH]]);
    await scene.box.exec(['/bin/true']);
    await scene.agent.settled();
    const others = scene.agent.alerts(rule).filter((alert) => alert.output_fields['proc.exepath'] !== 'memfd:payload');
    assert.deepEqual(
      others.map((alert) => alert.output),
      [],
    );
  });
});
