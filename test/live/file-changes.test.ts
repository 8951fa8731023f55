// Calls that change a file without opening it for writing: its length, owner, times, extended attributes and flags; and mknod.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import type { ExpectedFields } from '../support/live/alert-line.ts';
import { type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const ON_PATHS = [
  'truncate',
  ...['chown', 'lchown', 'fchownat', 'setxattr', 'lsetxattr', 'setxattrat', 'removexattr', 'lremovexattr'],
  ...['removexattrat', 'utime', 'utimes', 'futimesat', 'utimensat', 'file_setattr', 'mknod', 'mknodat'],
];
const ON_DESCRIPTORS = ['ftruncate', 'fchown', 'fsetxattr', 'fremovexattr'];
const CHANGES = probe(
  [...ON_PATHS, ...ON_DESCRIPTORS],
  [
    ...['evt.res', 'evt.args', 'evt.category', 'evt.arg.path', 'evt.arg.pathname', 'evt.arg.uid', 'evt.arg.gid'],
    ...[
      'evt.arg.flags',
      'evt.arg.key',
      'evt.arg.fd',
      'evt.arg.mode',
      'evt.arg.dev',
      'fs.path.name',
      'fd.name',
      'fd.num',
    ],
  ],
);

const directory = directoryForTests();
const file = `${directory}/file`;
const agent = LiveAgent.forTests([CHANGES.rule]);

beforeEach(() => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, 'content');
  chmodSync(file, 0o644);
});

const check = agent.checks(CHANGES, ({ result }) => ({
  'evt.rawres': result,
  ...(result >= 0 ? { 'evt.res': 'SUCCESS', 'fs.path.name': file } : { 'fs.path.name': null }),
}));

/** CAP_SETUID, permitted and effective, as the attribute of a file has it (version 2). */
const CAPABILITY = str(`\x01\x00\x00\x02\x80${'\x00'.repeat(15)}`);
const KEY = 'security.capability';
const SIZE = 20;
const AT_EMPTY_PATH = 0x1000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const OPENED: Step = ['openat', AT_FDCWD, str(file), O.RDWR];
const FOLDER: Step = ['openat', AT_FDCWD, str(directory), O.DIRECTORY];

test('truncate and ftruncate', async () => {
  await check(
    [
      ['truncate', str(file), 1],
      ['chdir', str(directory)],
      ['truncate', str('./file'), 0],
      ['truncate', str(`${file}-none`), 0],
      OPENED,
      ['ftruncate', 'r', 5],
      ['ring:ftruncate', 'r4', 4],
      ['int80:truncate', str(file), 2],
      ['int80:ftruncate', 'r4', 3],
    ],
    [
      { 'evt.arg.path': file, 'fd.name': null },
      { 'evt.arg.path': file },
      { 'evt.res': 'ENOENT', 'evt.arg.path': `${file}-none` },
      ...Array<ExpectedFields>(2).fill({ 'evt.arg.fd': `<f>${file}`, 'fd.name': file, 'fd.num': 3 }),
      { 'evt.arg.path': file },
      { 'evt.arg.fd': `<f>${file}`, 'fd.name': file },
    ],
  );
});

test('chown and its kin', async () => {
  const ids = { 'evt.arg.uid': '1000', 'evt.arg.gid': '4294967295', 'evt.category': 'file' };
  await check(
    [
      ['chown', str(file), 1000, -1],
      ['lchown', str(file), 1000, -1],
      FOLDER,
      ['fchownat', 'r', str('file'), 1000, -1, AT_SYMLINK_NOFOLLOW],
      OPENED,
      ['fchown', 'r', 1000, -1],
      ['fchownat', 'r4', str(''), 1000, -1, AT_EMPTY_PATH],
      ['int80:chown', str(file), 1000, -1],
      ['int80:fchown', 'r4', 1000, -1],
      ['int80:fchownat', 'r2', str('file'), 1000, -1, 0],
      ['chown', str(`${file}-none`), 1000, -1],
    ],
    [
      { ...ids, 'evt.arg.path': file },
      { ...ids, 'evt.arg.path': file },
      { ...ids, 'evt.arg.pathname': file, 'evt.arg.flags': 'AT_SYMLINK_NOFOLLOW', 'fd.name': directory },
      { ...ids, 'evt.arg.fd': `<f>${file}`, 'fd.name': file },
      { ...ids, 'evt.arg.pathname': file, 'evt.arg.flags': 'AT_EMPTY_PATH', 'fd.name': file },
      { ...ids, 'evt.arg.path': file },
      { ...ids, 'fd.name': file },
      { ...ids, 'evt.arg.pathname': file },
      { ...ids, 'evt.res': 'ENOENT', 'evt.arg.path': `${file}-none` },
    ],
  );
});

test('extended attributes: capabilities of a file are given and taken', async () => {
  const key = { 'evt.arg.key': KEY };
  await check(
    [
      ['setxattr', str(file), str(KEY), CAPABILITY, SIZE, 0],
      ['removexattr', str(file), str(KEY)],
      ['lsetxattr', str(file), str(KEY), CAPABILITY, SIZE, 0],
      ['lremovexattr', str(file), str(KEY)],
      OPENED,
      ['fsetxattr', 'r', str(KEY), CAPABILITY, SIZE, 0],
      ['fremovexattr', 'r4', str(KEY)],
      ['ring:setxattr', str(file), str(KEY), CAPABILITY, SIZE, 0],
      ['int80:removexattr', str(file), str(KEY)],
      ['ring:fsetxattr', 'r4', str(KEY), CAPABILITY, SIZE, 0],
      ['int80:fremovexattr', 'r4', str(KEY)],
      ['removexattr', str(file), str(KEY)],
    ],
    [
      { ...key, 'evt.arg.path': file },
      { ...key, 'evt.arg.path': file },
      { ...key, 'evt.arg.path': file },
      { ...key, 'evt.arg.path': file },
      { ...key, 'evt.arg.fd': `<f>${file}`, 'fd.name': file },
      { ...key, 'evt.arg.fd': `<f>${file}`, 'fd.name': file },
      { ...key, 'evt.arg.path': file },
      { ...key, 'evt.arg.path': file },
      { ...key, 'fd.name': file },
      { ...key, 'fd.name': file },
      { ...key, 'evt.res': 'ENODATA', 'evt.arg.path': file },
    ],
  );
});

/** From 6.13 and 6.17 on; on older kernels the calls fail, and are reported as that. */
test('setxattrat, removexattrat, file_setattr', async () => {
  const steps: readonly Step[] = [
    FOLDER,
    ['setxattrat', 'r0', str('file'), 0, str(KEY), str('short'), 0],
    ['removexattrat', 'r0', str('file'), 0, str(KEY)],
    ['file_setattr', 'r0', str('file'), str('short'), 0, 0],
  ];
  const observed = await agent.observe(CHANGES, steps);
  assert.equal(observed.length, 3);
  for (const { call, alert } of observed) {
    assert.ok(call.result < 0);
    assert.equal(alert.output_fields['evt.arg.path'], file);
    assert.equal(alert.output_fields['evt.rawres'], BigInt(call.result));
  }
});

test('times', async () => {
  await check(
    [
      ...(process.arch === 'x64'
        ? ([
            ['utime', str(file), 'null'],
            ['utimes', str(file), 'null'],
            ['futimesat', AT_FDCWD, str(file), 'null'],
          ] satisfies Step[])
        : []),
      ['utimensat', AT_FDCWD, str(file), 'null', 0],
      OPENED,
      ['utimensat', 'r', 'null', 'null', 0],
    ],
    Array<ExpectedFields>(process.arch === 'x64' ? 5 : 2).fill({ 'evt.arg.path': file }),
  );
});

test('mknod and mknodat', async () => {
  const S_IFCHR = 0o020000;
  const made = `${directory}/null`;
  const device = (1 << 8) | 3;
  await check(
    [
      ['mknod', str(made), S_IFCHR | 0o600, device],
      ['unlink', str(made)],
      FOLDER,
      ['mknodat', 'r', str('null'), S_IFCHR | 0o600, device],
      ['mknod', str(made), S_IFCHR | 0o600, device],
    ],
    [
      { 'evt.arg.path': made, 'evt.arg.dev': '103', 'fs.path.name': made },
      { 'evt.arg.path': made, 'evt.arg.dev': '103', 'fs.path.name': made, 'fd.name': directory },
      { 'evt.arg.path': made, 'evt.res': 'EEXIST' },
    ],
  );
});
