// Files that are opened by their handle (open_by_handle_at) while the kernel has no name of theirs in its cache: they are searched for.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { type Step, startAct, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

after(() => execFileSync('umount', [disk])); // before the directory is deleted
const directory = directoryForTests();
let image = join(directory, 'image');
const disk = join(directory, 'disk');
const secret = join(disk, 'folder/secret');

const OPENED = probe(
  ['openat'],
  ['evt.type', 'fd.name', 'fd.typechar', 'evt.is_open_read', 'evt.is_open_write'],
  `fd.name startswith ${disk}/folder and proc.name = act`,
);

/** What EVASIONS.md recommends: who opens files of which no name was found. */
const UNNAMED = probe(['open_by_handle_at'], ['fd.name'], 'evt.rawres >= 0 and fd.name = "" and proc.name = act');

function mount(path = image): void {
  execFileSync('mount', ['-o', 'loop', path, disk]);
}

let copies = 0;

/**
 * The same files, of which the kernel knows no name. A copy: as long as any mount namespace has the first one (that of a program that starts
 * in one of its own has it for a moment), the kernel would give its file system again, with the names.
 */
function mountAnew(): void {
  execFileSync('sync', ['-f', disk]);
  execFileSync('umount', [disk]);
  const copy = `${image}-${++copies}`;
  copyFileSync(image, copy);
  image = copy;
  mount();
}

before(() => {
  mkdirSync(disk);
  execFileSync('mkfs.ext4', ['-q', image, '8M']);
  mount();
  mkdirSync(join(disk, 'folder'));
  writeFileSync(secret, 'content');
});
const agent = LiveAgent.forTests([OPENED.rule, UNNAMED.rule], { ruleMatching: 'all' });

/** Runs steps with the handle of a path, of which the kernel has forgotten the name. Returns its alerts. */
async function open(path: string, steps: readonly Step[]) {
  const running = startAct([
    ['name_to_handle_at', AT_FDCWD, str(path), 'handle', 'out', 0],
    ['@wait'],
    ['openat', AT_FDCWD, str(disk), O.DIRECTORY],
    ...steps,
  ]);
  const { pid } = await running.place();
  mountAnew();
  running.goOn();
  await running.end();
  await agent.settled();
  return agent.alerts(OPENED.name, { 'proc.vpid': BigInt(pid) });
}

for (const [what, flags, fields] of [
  ['reading', O.RDONLY, { 'evt.is_open_read': true, 'evt.is_open_write': false }],
  ['writing', O.WRONLY, { 'evt.is_open_read': false, 'evt.is_open_write': true }],
] as const) {
  test(`for ${what}: by its path`, async () => {
    const [alert = assert.fail(), ...more] = await open(secret, [['open_by_handle_at', 'r', 'handle', flags]]);
    assert.deepEqual(more, []);
    assertFields(alert, { 'fd.name': secret, 'fd.typechar': 'f', ...fields });
    assert.deepEqual(agent.alerts(UNNAMED.name), [], 'the name was found');
  });
}

test('without access, and again through /proc/self/fd: by its path', async () => {
  const alerts = await open(secret, [
    ['open_by_handle_at', 'r', 'handle', O.PATH],
    ['openat', AT_FDCWD, str('/proc/self/fd/4'), O.RDONLY],
  ]);
  assert.equal(alerts.length, 2);
  for (const alert of alerts) assertFields(alert, { 'fd.name': secret });
});

test('a directory: the kernel has its path', async () => {
  const [alert = assert.fail()] = await open(join(disk, 'folder'), [
    ['open_by_handle_at', 'r', 'handle', O.RDONLY | O.DIRECTORY],
  ]);
  assertFields(alert, { 'fd.name': join(disk, 'folder'), 'fd.typechar': 'd' });
});

test('past a file system within its own that never answers', async () => {
  const deep = join(disk, 'folder/deeper/secret');
  const unanswered = join(disk, 'unanswered');
  for (const path of [join(disk, 'folder/deeper'), unanswered]) mkdirSync(path);
  writeFileSync(deep, '');
  const running = startAct([
    ['name_to_handle_at', AT_FDCWD, str(deep), 'handle', 'out', 0],
    ['@wait'],
    ['openat', AT_FDCWD, str(disk), O.DIRECTORY],
    ['open_by_handle_at', 'r', 'handle', O.RDONLY],
  ]);
  const { pid } = await running.place();
  mountAnew();
  const program = cProgram(join(import.meta.dirname, '../support/programs/disguise.c'));
  const server = spawn(program, ['unanswered', unanswered], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(server.stdout, 'data');
    running.goOn();
    await running.end();
    await agent.settled();
  } finally {
    server.stdin.end('\n');
    await once(server, 'exit');
  }
  const [alert = assert.fail('no alert')] = agent.alerts(OPENED.name, { 'proc.vpid': BigInt(pid) });
  assertFields(alert, { 'fd.name': deep });
});

test('while another file system lies over its own: not by the name of a file there that has the same number', async () => {
  const other = join(directory, 'other-image');
  const running = startAct([
    ['name_to_handle_at', AT_FDCWD, str(secret), 'handle', 'out', 0],
    ['@wait'],
    ['openat', AT_FDCWD, str(disk), O.DIRECTORY],
    ['@wait'],
    ['open_by_handle_at', 'r', 'handle', O.RDONLY],
  ]);
  const { pid } = await running.place();
  mountAnew();
  copyFileSync(image, other);
  running.goOn();
  await running.place();
  mount(other);
  try {
    running.goOn();
    await running.end();
    await agent.settled();
  } finally {
    execFileSync('umount', [disk]);
  }
  assert.deepEqual(agent.alerts(OPENED.name, { 'proc.vpid': BigInt(pid) }), []);
  assert.equal(
    agent.alerts(UNNAMED.name, { 'proc.vpid': BigInt(pid) }).length,
    1,
    'a rule may ask for files without a name',
  );
});
