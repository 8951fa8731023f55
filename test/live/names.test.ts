// Names of every kind: as long as the kernel takes them, deep, with bytes that are not text. What a traced process writes is
// hostile, and a rule compares it byte for byte.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const FIELDS = [
  'evt.res',
  'fd.name',
  'fd.nameraw',
  'fd.realpath',
  'fd.filename',
  'fd.directory',
  'fd.ino',
  'evt.arg.path',
  'evt.args',
];
const NAMES = probe(['openat', 'mkdir', 'unlink'], FIELDS);

/** PATH_MAX counts the NUL. */
const LONGEST_PATH = 4095;

/** Whole names as a rule compares them, bytes that are no UTF-8 included. */
const EXACT = 'exactly these bytes';
const directory = directoryForTests();
const exactRule = `
- rule: ${EXACT}
  desc: bytes that are no text, written as escapes
  condition: evt.type = openat and fd.filename = "\\xff\\xfe bad \\xc3" and fd.nameraw endswith "/\\xff\\xfe bad \\xc3"
  output: '%fd.name %fd.nameraw %proc.name'
  priority: DEBUG
`;

const agent = LiveAgent.forTests([NAMES.rule, exactRule], { ruleMatching: 'all' });

async function openAs(path: string | Uint8Array, flags: number = O.RDONLY) {
  const [observed] = await agent.observe(NAMES, [['openat', AT_FDCWD, str(path), flags, 0o600]]);
  assert.ok(observed);
  return observed;
}

for (const [what, name] of [
  ['a newline', 'two\nlines'],
  ['quotes, backslashes and control characters', 'a"b\'c\\d\t\x1b[31m\x07'],
  ['percent signs and braces', '100%fd.name %s {}'],
  ['spaces at both ends', ' spaces '],
  ['letters of several scripts', 'Straße 日本 🐝'],
  ['255 bytes', 'n'.repeat(255)],
] as const) {
  test(`a name with ${what}`, async () => {
    const path = `${directory}/${name}`;
    writeFileSync(path, '');
    const { call, alert } = await openAs(path);
    assertFields(alert, {
      'evt.rawres': call.result,
      'fd.name': path,
      'fd.nameraw': path,
      'fd.realpath': path,
      'fd.filename': name,
      'fd.directory': directory,
      'fd.ino': call.inode ?? 0,
    });
  });
}

test('an alert of a name with control characters is one line of printable text', async () => {
  const path = `${directory}/line\nforged: Critical\x1b[0m`;
  writeFileSync(path, '');
  const { alert } = await openAs(path);
  assert.ok(
    [...alert.line].every((character) => character >= ' ' && character !== '\x7f'),
    alert.line,
  );
});

test('a name that is not UTF-8: compared byte for byte, shown with U+FFFD', async () => {
  const name = Buffer.from([0xff, 0xfe, ...Buffer.from(' bad '), 0xc3]);
  const path = Buffer.concat([Buffer.from(`${directory}/`), name]);
  const { call, alert } = await openAs(path, O.WRONLY | O.CREAT);
  assertFields(alert, { 'evt.rawres': call.result, 'fd.ino': call.inode ?? 0 });
  assert.match(String(alert.output_fields['fd.name']), new RegExp(`^${directory}/\ufffd+ bad \ufffd$`));
  await agent.only(EXACT, { 'proc.name': 'act' });
});

test('a path of 4095 bytes: every byte of it', async () => {
  const path = `${directory}/file`;
  writeFileSync(path, '');
  const padding = './'.repeat(2048);
  const raw = `${`${directory}/${padding}`.slice(0, LONGEST_PATH - 'file'.length).replace(/\.$/, '/')}file`;
  assert.equal(Buffer.byteLength(raw), LONGEST_PATH);
  const { call, alert } = await openAs(raw);
  assertFields(alert, {
    'evt.res': 'SUCCESS',
    'evt.rawres': call.result,
    'fd.name': path,
    'fd.nameraw': raw,
    'fd.realpath': path,
  });
});

test('a file as deep as a path can name: 4095 bytes that no cleaning shortens', async () => {
  let path = directory;
  while (path.length + 256 < LONGEST_PATH) path += `/${'d'.repeat(Math.min(255, LONGEST_PATH - path.length - 3))}`;
  mkdirSync(path, { recursive: true });
  path += `/${'f'.repeat(LONGEST_PATH - path.length - 1)}`;
  assert.equal(path.length, LONGEST_PATH);
  const { call, alert } = await openAs(path, O.WRONLY | O.CREAT);
  assertFields(alert, {
    'evt.res': 'SUCCESS',
    'evt.rawres': call.result,
    'fd.name': path,
    'fd.nameraw': path,
    'fd.ino': call.inode ?? 0,
    'fd.realpath': path,
  });
});

test('a path that is too long: the call fails, what the kernel saw of it is there', async () => {
  const raw = `/${'x'.repeat(LONGEST_PATH + 10)}`;
  const { alert } = await openAs(raw);
  assertFields(alert, { 'evt.res': 'ENAMETOOLONG' });
  const name = String(alert.output_fields['fd.nameraw']);
  assert.ok(raw.startsWith(name) || name === '', `a name that was never written: ${name.slice(0, 80)}`);
});

test('many components: 60 directories below each other', async () => {
  const path = directory + '/d'.repeat(60);
  mkdirSync(path, { recursive: true });
  const { call, alert } = await openAs(`${path}/deep`, O.WRONLY | O.CREAT);
  assertFields(alert, { 'fd.name': `${path}/deep`, 'fd.realpath': `${path}/deep`, 'fd.ino': call.inode ?? 0 });
});

test('relative to a directory with a long path', async () => {
  const base = `${directory}/${'b'.repeat(200)}`;
  mkdirSync(base);
  const [, observed] = await agent.observe(NAMES, [
    ['openat', AT_FDCWD, str(base), O.DIRECTORY],
    ['openat', 'r', str(`./${'x/../'.repeat(700)}in`), O.WRONLY | O.CREAT, 0o600],
  ]);
  assert.ok(observed);
  // "x" need not be there for the lexical name, but it must be for the kernel.
  assertFields(observed.alert, { 'evt.res': 'ENOENT', 'fd.name': `${base}/in` });
});

test('an empty path, the root, and more dots than there are directories', async () => {
  const observed = await agent.observe(NAMES, [
    ['openat', AT_FDCWD, str(''), O.RDONLY],
    ['openat', AT_FDCWD, str('/'), O.RDONLY],
    ['openat', AT_FDCWD, str('/../../..'), O.RDONLY],
    ['openat', AT_FDCWD, str('//tmp///.'), O.RDONLY],
    ['openat', AT_FDCWD, 'null', O.RDONLY],
    ['openat', AT_FDCWD, '0x7fffffffe000', O.RDONLY],
  ]);
  const expected = [
    { 'evt.res': 'ENOENT' },
    { 'evt.res': 'SUCCESS', 'fd.name': '/', 'fd.realpath': '/' },
    { 'evt.res': 'SUCCESS', 'fd.name': '/', 'fd.realpath': '/', 'fd.nameraw': '/../../..' },
    { 'evt.res': 'SUCCESS', 'fd.name': '/tmp', 'fd.realpath': '/tmp' },
    { 'evt.res': 'EFAULT' },
    { 'evt.res': 'EFAULT' },
  ];
  for (const [index, { alert }] of observed.entries()) assertFields(alert, expected[index] ?? {});
});
