// Paths longer than the kernel takes at once: relative names lead on from any directory. A rule has their beginning and their end.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { makeDirectory } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, O } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const NAME = 'n'.repeat(255);
/** 8 KB of names: twice what a path in an event has room for. */
const DEPTH = 33;
const CHANGES = probe(['openat', 'mkdir', 'unlink'], ['fd.name', 'fs.path.name', 'proc.exepath', 'proc.cwd']);

const place = makeDirectory();
const directory = place.path;
const top = `${directory}/top`;
const agent = LiveAgent.forTests([CHANGES.rule], { warnings: 'accepted' });

const enter: Step = ['chdir', str(NAME)];
const down: readonly Step[] = [['chdir', str(top)], ...Array.from({ length: DEPTH }, () => enter)];

async function actWell(steps: readonly Step[]): Promise<void> {
  for (const { call, result } of await act(steps)) assert.equal(result, 0, call);
}

before(async () => {
  mkdirSync(top);
  await actWell(down.flatMap((step): Step[] => (step === enter ? [['mkdir', str(NAME), 0o755], step] : [step])));
});
after(async () => {
  const remove: readonly Step[] = [
    ['chdir', str('..')],
    ['rmdir', str(NAME)],
  ];
  await actWell([...down, ...down.flatMap((step) => (step === enter ? remove : []))]);
  place.remove();
});

function assertShortened(path: unknown, end: string): void {
  const text = String(path);
  assert.ok(text.startsWith(`${top}/${NAME}/${NAME}/`), text);
  assert.ok(text.endsWith(`/${NAME}/${NAME}${end}`), text);
  assert.ok(text.length < 4096, `${text.length} bytes`);
  const names = text.slice(top.length + 1, text.length - end.length).split('/');
  // So many, and those of the middle are left out.
  assert.equal(names.length, DEPTH);
  assert.match(names.map((name) => (name === NAME ? 'n' : name === '...' ? '.' : '?')).join(''), /^n+\.+n+$/);
}

describe('A path of 8 KB', () => {
  test('of a file, and of the current directory', async () => {
    const observed = await agent.observe(CHANGES, [
      ...down,
      ['openat', AT_FDCWD, str('file'), O.CREAT | O.WRONLY, 0o644],
      ['unlink', str('file')],
      ['openat', AT_FDCWD, str('.'), O.PATH],
    ]);
    const [made, removed, entered] = observed.map(({ alert }) => alert.output_fields);
    assertShortened(made?.['fd.name'], '/file');
    assertShortened(removed?.['fs.path.name'], '/file');
    assertShortened(entered?.['fd.name'], '');
    assertShortened(String(made?.['proc.cwd']).replace(/\/$/, ''), '');
  });

  test('of a directory that a name is relative to', async () => {
    const [, made] = await agent.observe(CHANGES, [
      ...down,
      ['openat', AT_FDCWD, str('.'), O.PATH],
      ['chdir', str('/')],
      ['openat', `r${down.length}`, str('file'), O.CREAT | O.WRONLY, 0o644],
      ['unlinkat', `r${down.length}`, str('file'), 0],
    ]);
    assertShortened(made?.alert.output_fields['fd.name'], '/file');
  });

  test('that leads up again: the name in the directory that it leads to', async () => {
    const up = '../'.repeat(DEPTH);
    const observed = await agent.observe(CHANGES, [
      ...down,
      ['mkdir', str(`${up}made`), 0o755],
      ['mkdir', str(`${up}../made`), 0o755],
    ]);
    assertFields(observed[0]?.alert ?? assert.fail(), { 'evt.rawres': 0, 'fs.path.name': `${top}/made` });
    assertFields(observed[1]?.alert ?? assert.fail(), { 'evt.rawres': 0, 'fs.path.name': `${directory}/made` });
  });

  test('of a program', async () => {
    const observed = await agent.observe(CHANGES, [...down, ['@copy', 'act'], ['unlink', str('act')]]);
    assert.equal(observed.length, 1);
    assertShortened(observed[0]?.alert.output_fields['proc.exepath'], '/act');
  });
});
