// Calls on one path: unlink, unlinkat, rmdir, mkdir, mkdirat, chmod, fchmodat, umount2; and fchmod, which has it by a descriptor.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  CLONE_NEWNS,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  O,
} from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const PATH = probe(
  ['unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'chmod', 'fchmod', 'fchmodat', 'umount2'],
  [
    ...[
      'evt.res',
      'evt.category',
      'evt.args',
      'evt.arg.path',
      'evt.arg.name',
      'evt.arg.filename',
      'evt.arg.dirfd',
      'evt.arg.fd',
    ],
    ...[
      'evt.arg.flags',
      'evt.arg.mode',
      'fd.num',
      'fd.name',
      'fd.typechar',
      'fd.directory',
      'fs.path.name',
      'fs.path.nameraw',
      'fd.ino',
    ],
  ],
);

const directory = directoryForTests();
const agent = LiveAgent.forTests([PATH.rule]);

const check = agent.checks(PATH, ({ result }) => ({
  'evt.rawres': result,
  'evt.category': 'file',
  ...(result >= 0 ? { 'evt.res': 'SUCCESS' } : { 'fs.path.name': null }),
}));

const NO_DESCRIPTOR = { 'fd.num': null, 'fd.name': null, 'fd.typechar': null };
/** Where a directory descriptor may be passed, but was not. */
const NO_DIRECTORY = { 'evt.arg.dirfd': 'AT_FDCWD', 'fd.num': AT_FDCWD, 'fd.name': '' };

test('unlink and rmdir', async () => {
  writeFileSync(`${directory}/a`, '');
  writeFileSync(`${directory}/b`, '');
  mkdirSync(`${directory}/d`);
  await check(
    [
      ['unlink', str(`${directory}/a`)],
      ['chdir', str(directory)],
      ['unlink', str('./d/../b')],
      ['rmdir', str('d')],
      ['rmdir', str('d')],
      ['unlink', str(directory)],
    ],
    [
      { ...NO_DESCRIPTOR, 'evt.arg.path': `${directory}/a`, 'fs.path.name': `${directory}/a` },
      { 'evt.arg.path': `${directory}/b`, 'fs.path.name': `${directory}/b`, 'fs.path.nameraw': './d/../b' },
      { ...NO_DESCRIPTOR, 'evt.arg.path': `${directory}/d`, 'fs.path.nameraw': 'd' },
      { 'evt.res': 'ENOENT', 'evt.arg.path': `${directory}/d` },
      { 'evt.res': 'EISDIR', 'evt.arg.path': directory },
    ],
  );
});

test('unlinkat: by a directory descriptor, by none, and of a directory', async () => {
  writeFileSync(`${directory}/a`, '');
  writeFileSync(`${directory}/b`, '');
  mkdirSync(`${directory}/d`);
  const observed = await check(
    [
      ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
      ['unlinkat', 'r0', str('a'), 0],
      ['unlinkat', AT_FDCWD, str(`${directory}/b`), 0],
      ['unlinkat', 'r0', str('./d'), AT_REMOVEDIR],
      ['unlinkat', 'r0', str('missing'), 0],
      ['unlinkat', 77, str('relative'), 0],
    ],
    [
      {
        'evt.arg.name': `${directory}/a`,
        'evt.arg.dirfd': `<d>${directory}`,
        'evt.arg.flags': '0',
        'fd.name': directory,
        'fd.typechar': 'd',
        'fd.num': 3,
        'fs.path.name': `${directory}/a`,
        'fs.path.nameraw': 'a',
      },
      { ...NO_DIRECTORY, 'evt.arg.name': `${directory}/b`, 'fs.path.name': `${directory}/b` },
      { 'evt.arg.name': `${directory}/d`, 'evt.arg.flags': 'AT_REMOVEDIR' },
      { 'evt.res': 'ENOENT', 'evt.arg.name': `${directory}/missing` },
      { 'evt.res': 'EBADF', 'evt.arg.name': '<UNKNOWN>relative' },
    ],
  );
  assert.equal(observed[0]?.call.fd, 3);
});

test('mkdir and mkdirat', async () => {
  await check(
    [
      ['mkdir', str(`${directory}/made`), 0o750],
      ['openat', AT_FDCWD, str(`${directory}/made`), O.DIRECTORY],
      ['mkdirat', 'r', str('within/'), 0o700],
      ['mkdirat', AT_FDCWD, str(`${directory}/made`), 0o755],
    ],
    [
      { ...NO_DESCRIPTOR, 'evt.arg.path': `${directory}/made`, 'evt.arg.mode': (0o750).toString(16).toUpperCase() },
      {
        'evt.arg.path': `${directory}/made/within`,
        'fd.name': `${directory}/made`,
        'evt.arg.mode': (0o700).toString(16).toUpperCase(),
        'fs.path.name': `${directory}/made/within`,
      },
      { ...NO_DIRECTORY, 'evt.res': 'EEXIST', 'evt.arg.path': `${directory}/made` },
    ],
  );
});

test('chmod, fchmodat and fchmod', async () => {
  const path = `${directory}/mode`;
  writeFileSync(path, '');
  const observed = await check(
    [
      ['chmod', str(path), 0o4755],
      ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
      ['fchmodat', 'r', str('mode'), 0o2711],
      ['openat', AT_FDCWD, str(`${directory}/./mode`), O.RDONLY],
      ['fchmod', 'r', 0o1600],
      ['chmod', str(`${directory}/missing`), 0o7],
      ['fchmod', 77, 0o600],
    ],
    [
      {
        ...NO_DESCRIPTOR,
        'evt.arg.filename': path,
        'evt.arg.mode': 'S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID',
        'fs.path.name': path,
      },
      {
        'evt.arg.filename': path,
        'evt.arg.mode': 'S_IXOTH|S_IXGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISGID',
        'evt.arg.dirfd': `<d>${directory}`,
        'fd.name': directory,
        'fs.path.name': path,
      },
      {
        'evt.arg.mode': 'S_IWUSR|S_IRUSR|S_ISVTX',
        'evt.arg.filename': null,
        'evt.arg.fd': `<f>${path}`,
        'fd.name': path,
        'fd.typechar': 'f',
        'fs.path.name': path,
      },
      { 'evt.res': 'ENOENT', 'evt.arg.filename': `${directory}/missing`, 'evt.arg.mode': 'S_IXOTH|S_IWOTH|S_IROTH' },
      { 'evt.res': 'EBADF', 'evt.arg.mode': 'S_IWUSR|S_IRUSR' },
    ],
  );
  assertFields(observed[2]?.alert ?? assert.fail(), { 'fd.ino': observed[2]?.call.inode ?? 0 });
});

test('umount2, in a mount namespace of its own', async () => {
  mkdirSync(`${directory}/mounted`);
  await check(
    [
      ['unshare', CLONE_NEWNS],
      ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
      ['mount', str('tmpfs'), str(`${directory}/mounted`), str('tmpfs'), 0, 'null'],
      ['chdir', str(directory)],
      ['umount2', str('mounted'), MNT_DETACH],
      ['umount2', str('mounted'), 0],
    ],
    [
      { 'evt.arg.name': `${directory}/mounted`, 'evt.arg.flags': 'DETACH', 'fs.path.name': `${directory}/mounted` },
      { 'evt.res': 'EINVAL', 'evt.arg.name': `${directory}/mounted`, 'evt.arg.flags': '0' },
    ],
  );
});

test('without the right to, and in a container', async () => {
  chmodSync(directory, 0o755);
  const container = new Container({ capabilities: [] });
  try {
    await check(
      [
        ['unlink', str('/etc/passwd')],
        ['mkdir', str('/var/made'), 0o700],
      ],
      [
        { 'container.id': container.shortId, 'evt.res': 'EACCES', 'evt.arg.path': '/etc/passwd' },
        { 'container.id': container.shortId, 'evt.res': 'EACCES', 'evt.arg.path': '/var/made' },
      ],
      (steps) => container.act(steps, { user: '1234:1234' }),
    );
    await check(
      [
        ['chdir', str('/etc')],
        ['unlink', str('group')],
      ],
      [{ 'container.id': container.shortId, 'evt.arg.path': '/etc/group', 'fs.path.name': '/etc/group' }],
      (steps) => container.act(steps),
    );
  } finally {
    container.stop();
  }
});
