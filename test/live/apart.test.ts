// Threads with a directory or credentials of their own, and processes that share their directories: each event has those of its own task.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, copyAct, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, CLONE_FS } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';
import { cProgram } from '../support/programs/c-program.ts';

const directory = directoryForTests();
const [one, two, three] = ['one', 'two', 'three'].map((name) => `${directory}/${name}`) as [string, string, string];
const USER = 1234;

const PROBE = probe(
  ['mkdirat'],
  [
    'proc.cwd',
    'fs.path.name',
    'user.uid',
    'group.gid',
    'thread.ismain',
    'thread.cap_effective',
    'proc.pname',
    'proc.exepath',
  ],
  `proc.exepath startswith ${directory}/`,
);

for (const path of [one, two, three]) mkdirSync(path, { recursive: true });
const program = copyAct(directory, 'apart');
/** Matches nothing: its events have images made. */
const OPENS = probe(['openat'], [], 'fd.name = /none');
const agent = LiveAgent.forTests([PROBE.rule, OPENS.rule], { ruleMatching: 'all' });

/** A directory to make in the current one: its path shows where the task is. */
function make(name: string): Step {
  return ['mkdirat', AT_FDCWD, str(name), 0o700];
}

interface Expected {
  readonly name: string;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly main?: boolean;
  readonly more?: Record<string, string | number>;
}

/** Performs the steps, and compares their mkdirs with what is expected of each, in order. */
async function assertPlaces(steps: readonly Step[], expected: readonly Expected[]): Promise<void> {
  const calls = (await act(steps, { program, cwd: one })).filter(({ call }) => call === 'mkdirat');
  const alerts = await agent.of(PROBE, calls);
  for (const [index, { name, cwd, uid, gid, main, more }] of expected.entries()) {
    assertFields(alerts[index] as never, {
      'fs.path.name': `${cwd}/${name}`,
      'proc.cwd': `${cwd}/`,
      'proc.exepath': program,
      ...(uid !== undefined && { 'user.uid': uid }),
      ...(gid !== undefined && { 'group.gid': gid }),
      ...(main !== undefined && { 'thread.ismain': main }),
      ...more,
    });
  }
}

const KEEP = -1;

test('a thread that leaves the directory of its process', async () => {
  await assertPlaces(
    [
      ...[make('a1'), ['@thread'], make('a2'), ['unshare', CLONE_FS], ['chdir', str(two)], make('a3')],
      ...[['@switch'], make('a4'), ['chdir', str(three)], make('a5'), ['@switch'], make('a6')],
    ] as Step[],
    [
      { name: 'a1', cwd: one, main: true },
      { name: 'a2', cwd: one, main: false },
      { name: 'a3', cwd: two, main: false },
      { name: 'a4', cwd: one, main: true },
      { name: 'a5', cwd: three, main: true },
      { name: 'a6', cwd: two, main: false },
    ],
  );
});

test('a main thread that leaves the directory of the others', async () => {
  await assertPlaces(
    [
      ...[['@thread'], make('b1'), ['@switch'], ['unshare', CLONE_FS], ['chdir', str(two)], make('b2')],
      ...[['@switch'], make('b3'), ['chdir', str(three)], make('b4'), ['@switch'], make('b5')],
    ] as Step[],
    [
      { name: 'b1', cwd: one },
      { name: 'b2', cwd: two, main: true },
      { name: 'b3', cwd: one, main: false },
      { name: 'b4', cwd: three, main: false },
      { name: 'b5', cwd: two, main: true },
    ],
  );
});

test('a thread that changes its user alone', async () => {
  await assertPlaces(
    [
      ...[
        ['fchmodat', AT_FDCWD, str('.'), 0o777],
        ['@thread'],
        ['setgid', USER],
        ['setresuid', KEEP, USER, KEEP],
        make('c1'),
      ],
      ...[['@switch'], make('c2'), ['@switch'], make('c3'), ['setresuid', KEEP, 0, KEEP], make('c4')],
    ] as Step[],
    [
      { name: 'c1', cwd: one, uid: USER, gid: USER, main: false },
      { name: 'c2', cwd: one, uid: 0, gid: 0, main: true },
      { name: 'c3', cwd: one, uid: USER, main: false },
      { name: 'c4', cwd: one, uid: 0, gid: USER, main: false },
    ],
  );
});

test('a main thread that changes its user alone', async () => {
  await assertPlaces(
    [['@thread'], ['@switch'], ['setresuid', KEEP, USER, KEEP], make('d1'), ['@switch'], make('d2')] as Step[],
    [
      { name: 'd1', cwd: one, uid: USER, main: true },
      { name: 'd2', cwd: one, uid: 0, main: false },
    ],
  );
});

test('the children of such a thread are as it is, and so is the program that it runs', async () => {
  const parts: Step[] = [['@thread'], ['unshare', CLONE_FS], ['chdir', str(two)], ['setgid', USER]];
  await assertPlaces(
    [...parts, ['@fork'], make('e1')],
    [{ name: 'e1', cwd: two, gid: USER, more: { 'proc.pname': 'apart' } }],
  );
  await assertPlaces(
    [...parts, make('e2'), ['@exec', program, 'apart'], make('e3')],
    [
      { name: 'e2', cwd: two, gid: USER, main: false },
      { name: 'e3', cwd: two, gid: USER, main: true },
    ],
  );
});

test('processes that share their directories', async () => {
  await assertPlaces(
    [
      ...[make('f1'), ['@share'], make('f2'), ['chdir', str(two)], make('f3'), ['@switch'], make('f4')],
      ...[['chdir', str(three)], ['@switch'], make('f5')],
    ] as Step[],
    [
      { name: 'f1', cwd: one },
      { name: 'f2', cwd: one },
      { name: 'f3', cwd: two },
      { name: 'f4', cwd: two },
      { name: 'f5', cwd: three },
    ],
  );
});

const ROUNDS = 1000;

test('a thread that changes its directory while another fills the room for images of their process', async () => {
  const mover = join(directory, 'moving');
  copyFileSync(cProgram(join(import.meta.dirname, '../support/programs/moving-thread.c')), mover);
  await promisify(execFile)(mover, [two, three, String(ROUNDS)]);
  await agent.settledOnAllCpus();
  const seen = agent
    .alerts(PROBE.name, { 'proc.exepath': mover })
    .map((alert) => String(alert.output_fields['fs.path.name']));
  const wrong = seen.filter((path) => dirname(path) !== (Number(basename(path)) % 2 === 0 ? two : three));
  const { imagesLost } = agent.counters.capture;
  assert.deepEqual(wrong, [], `${wrong.length} of ${seen.length}, ${imagesLost} images lost`);
  assert.equal(seen.length, ROUNDS, `${imagesLost} images lost`);
});
