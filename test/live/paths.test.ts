// Calls on two paths: rename, renameat, renameat2, link, linkat, symlink, symlinkat, mount.

import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import {
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  CLONE_NEWNS,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  O,
} from '../support/live/live-numbers.ts';
import { HAS_OLD_CALLS, link, rename, symlink } from '../support/live/old-calls.ts';
import { probe } from '../support/live/probe.ts';

const PATHS = probe(
  ['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'mount'],
  [
    ...[
      'evt.res',
      'evt.category',
      'evt.args',
      'evt.arg.oldpath',
      'evt.arg.newpath',
      'evt.arg.olddirfd',
      'evt.arg.newdirfd',
    ],
    ...['evt.arg.olddir', 'evt.arg.newdir', 'evt.arg.linkdirfd', 'evt.arg.linkpath', 'evt.arg.target', 'evt.arg.flags'],
    ...[
      'evt.arg.dev',
      'evt.arg.dir',
      'evt.arg.type',
      'fd.name',
      'fd.num',
      'fs.path.source',
      'fs.path.target',
      'fs.path.sourceraw',
    ],
    ...['fs.path.targetraw', 'fs.path.name'],
  ],
);

const directory = directoryForTests();
before(() => {
  mkdirSync(`${directory}/from`);
  mkdirSync(`${directory}/to`);
});
const EXCHANGED = 'Moved out of a folder';
const EXCHANGED_RULE = `
- rule: ${EXCHANGED}
  desc: files that go from one folder to another
  condition: >
    evt.type = renameat2 and fs.path.source = ${directory}/from/one and fs.path.target = ${directory}/to/two
    and evt.arg.flags contains EXCHANGE
  output: '%proc.vpid %fs.path.source %fs.path.target %evt.arg.oldpath'
  priority: DEBUG
`;
const agent = LiveAgent.forTests([PATHS.rule, EXCHANGED_RULE], { ruleMatching: 'all' });

const check = agent.checks(PATHS, ({ result }) => ({
  'evt.rawres': result,
  'evt.category': 'file',
  'fs.path.name': null,
  ...(result >= 0 ? { 'evt.res': 'SUCCESS' } : { 'fs.path.source': null, 'fs.path.target': null }),
}));

/** Opens both directories: steps 0 and 1. */
const DIRECTORIES: readonly Step[] = [
  ['openat', AT_FDCWD, str(`${directory}/from`), O.DIRECTORY],
  ['openat', AT_FDCWD, str(`${directory}/to`), O.DIRECTORY],
];

test('rename: absolute, relative, failed', async () => {
  writeFileSync(`${directory}/a`, '');
  await check(
    [
      rename(str(`${directory}/a`), str(`${directory}/b`)),
      ['chdir', str(`${directory}/from`)],
      rename(str('../b'), str('./c')),
      rename(str('missing'), str(`${directory}//to/./x`)),
    ],
    [
      {
        'evt.arg.oldpath': `${directory}/a`,
        'evt.arg.newpath': `${directory}/b`,
        'fs.path.source': `${directory}/a`,
        'fs.path.target': `${directory}/b`,
        ...(HAS_OLD_CALLS && { 'fd.name': null, 'fd.num': null }),
      },
      {
        'evt.arg.oldpath': `${directory}/b`,
        'evt.arg.newpath': `${directory}/from/c`,
        'fs.path.source': `${directory}/b`,
        'fs.path.target': `${directory}/from/c`,
        'fs.path.sourceraw': '../b',
        'fs.path.targetraw': './c',
      },
      { 'evt.res': 'ENOENT', 'evt.arg.oldpath': `${directory}/from/missing` },
    ],
  );
});

test('renameat and renameat2: each path by its own directory', async () => {
  writeFileSync(`${directory}/from/one`, '');
  writeFileSync(`${directory}/from/two`, '');
  await check(
    [
      ...DIRECTORIES,
      ['renameat', 'r0', str('one'), 'r1', str('uno')],
      ['renameat2', 'r0', str('two'), 'r1', str('due'), 1],
      ['renameat2', 'r1', str('uno'), 'r1', str('due'), 2],
      ['renameat2', 'r1', str('uno'), AT_FDCWD, str(`${directory}/to/due`), 1],
    ],
    [
      {
        'evt.arg.olddirfd': `<d>${directory}/from`,
        'evt.arg.newdirfd': `<d>${directory}/to`,
        'evt.arg.oldpath': `${directory}/from/one`,
        'evt.arg.newpath': `${directory}/to/uno`,
        'fs.path.source': `${directory}/from/one`,
        'fs.path.target': `${directory}/to/uno`,
        'fd.name': null,
      },
      { 'evt.arg.newpath': `${directory}/to/due`, 'evt.arg.flags': 'RENAME_NOREPLACE' },
      { 'evt.arg.oldpath': `${directory}/to/uno`, 'evt.arg.flags': 'RENAME_EXCHANGE' },
      { 'evt.res': 'EEXIST', 'evt.arg.newdirfd': 'AT_FDCWD', 'evt.arg.newpath': `${directory}/to/due` },
    ],
  );
});

test('renameat2 that exchanges two files: each is the old and the new one', async () => {
  writeFileSync(`${directory}/from/one`, '');
  writeFileSync(`${directory}/to/two`, '');
  const exchange = (one: string, two: string): Step[] => [
    ['chdir', str(`${directory}/from`)],
    ['renameat2', AT_FDCWD, str(one), AT_FDCWD, str(two), 2],
  ];
  for (const [one, two] of [
    [`${directory}/from/one`, `${directory}/to/two`],
    [`${directory}/to/two`, `${directory}/from/one`],
    ['one', '../to/two'],
    [`/proc/self/root${directory}/to/two`, '/proc/self/cwd/one'],
  ] as const) {
    const calls = await act(exchange(one, two));
    assert.equal(calls.at(-1)?.result, 0);
    const alert = await agent.only(EXCHANGED, { 'proc.vpid': BigInt(calls[0]?.pid ?? 0) });
    assertFields(alert, { 'fs.path.source': `${directory}/from/one`, 'fs.path.target': `${directory}/to/two` });
  }
  const chrooted = await act([['chroot', str(directory)], ...exchange('/to/two', '/from/one').slice(1)]);
  const alert = await agent.only(EXCHANGED, { 'proc.vpid': BigInt(chrooted[0]?.pid ?? 0) });
  assertFields(alert, { 'fs.path.source': `${directory}/from/one`, 'fs.path.target': `${directory}/to/two` });
});

test('link and linkat', async () => {
  writeFileSync(`${directory}/file`, '');
  await check(
    [
      link(str(`${directory}/file`), str(`${directory}/hard`)),
      ...DIRECTORIES,
      ['linkat', AT_FDCWD, str(`${directory}/file`), 'r2', str('harder'), AT_SYMLINK_FOLLOW],
      link(str(`${directory}/file`), str(`${directory}/hard`)),
    ],
    [
      {
        'evt.arg.oldpath': `${directory}/file`,
        'evt.arg.newpath': `${directory}/hard`,
        'fs.path.source': `${directory}/hard`, // the new link, as Falco has it
        'fs.path.target': `${directory}/file`,
      },
      {
        'evt.arg.olddir': 'AT_FDCWD',
        'evt.arg.newdir': `<d>${directory}/to`,
        'evt.arg.oldpath': `${directory}/file`,
        'evt.arg.newpath': `${directory}/to/harder`,
        'evt.arg.flags': 'AT_SYMLINK_FOLLOW',
        'fs.path.source': `${directory}/to/harder`,
      },
      { 'evt.res': 'EEXIST', 'evt.arg.newpath': `${directory}/hard` },
    ],
  );
  assert.equal(statSync(`${directory}/file`).nlink, 3);
});

test('symlink and symlinkat: the target stays as it was written', async () => {
  await check(
    [
      symlink(str('../../etc/./shadow'), str(`${directory}/soft`)),
      ...DIRECTORIES,
      ['symlinkat', str('/etc'), 'r2', str('./soft')],
      ['chdir', str(directory)],
      symlink(str('anything at all'), str('soft')),
    ],
    [
      {
        'evt.arg.target': '../../etc/./shadow',
        'evt.arg.linkpath': `${directory}/soft`,
        'fs.path.source': `${directory}/soft`,
        'fs.path.targetraw': '../../etc/./shadow',
        ...(HAS_OLD_CALLS && { 'fd.name': null }),
      },
      {
        'evt.arg.target': '/etc',
        'evt.arg.linkdirfd': `<d>${directory}/to`,
        'evt.arg.linkpath': `${directory}/to/soft`,
        'fs.path.source': `${directory}/to/soft`,
        'fs.path.target': '/etc',
        'fd.name': `${directory}/to`,
      },
      { 'evt.res': 'EEXIST', 'evt.arg.target': 'anything at all', 'evt.arg.linkpath': `${directory}/soft` },
    ],
  );
});

test('mount: device, place, type and flags', async () => {
  mkdirSync(`${directory}/mounted`);
  await check(
    [
      ['unshare', CLONE_NEWNS],
      ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
      ['chdir', str(directory)],
      ['mount', str('a device'), str('mounted'), str('tmpfs'), MS_NOSUID | MS_NODEV, str('size=1m')],
      ['mount', str('none'), str(`${directory}/missing`), str('tmpfs'), 0, 'null'],
    ],
    [
      { 'evt.arg.dir': '/', 'evt.arg.flags': 'REC|PRIVATE' },
      {
        'evt.arg.dev': 'a device',
        'evt.arg.dir': `${directory}/mounted`,
        'evt.arg.type': 'tmpfs',
        'evt.arg.flags': 'NOSUID|NODEV',
        'fs.path.target': `${directory}/mounted`,
      },
      { 'evt.res': 'ENOENT', 'evt.arg.dir': `${directory}/missing`, 'evt.arg.flags': '0' },
    ],
  );
});

test('in a container', async () => {
  const container = new Container();
  try {
    await check(
      [
        ['chdir', str('/etc')],
        rename(str('passwd'), str('/tmp/taken')),
        symlink(str('/tmp/taken'), str('passwd')),
        ['mount', str('x'), str('/srv'), str('tmpfs'), 0, 'null'],
      ],
      [
        { 'container.id': container.shortId, 'evt.arg.oldpath': '/etc/passwd', 'fs.path.target': '/tmp/taken' },
        { 'container.id': container.shortId, 'evt.arg.linkpath': '/etc/passwd' },
        { 'container.id': container.shortId, 'evt.res': 'EPERM', 'evt.arg.dir': '/srv', 'evt.arg.type': 'tmpfs' },
      ],
      (steps) => container.act(steps),
    );
  } finally {
    container.stop();
  }
});
