// What the kernel filter remembers of names: a file that was opened often, and dropped each time, matches as soon as its name is one
// that a rule wants, whatever made it so, and no longer than that. It is opened by its descriptor's link, whose passed name says nothing.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryOnRootForTests } from '../support/directory.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { AT_FDCWD, CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';

/** Enough to be remembered, wherever the process runs meanwhile. */
const OFTEN = 20;
const FILES = 40;
/** Of how many files one is wanted. */
const TURN = 4;

const directory = directoryOnRootForTests();
const ENDING = 'Opened by its ending';
const PLACE = 'Opened in a folder';
const ROOT = 'Opened at the top';
const ruleOf = (name: string, condition: string) => `
- rule: ${name}
  desc: a file by where it is now
  condition: evt.type in (open, openat, openat2) and fd.num >= 0 and proc.name = act and ${condition}
  output: '%fd.name %evt.num'
  priority: WARNING
`;
const agent = LiveAgent.forTests(
  [
    ruleOf(ENDING, 'fd.name endswith /wanted'),
    ruleOf(PLACE, `fd.name startswith ${directory}/in/`),
    ruleOf(ROOT, 'fd.name = /plain'),
  ],
  { ruleMatching: 'all' },
);

/** How many alerts of a rule the steps make. */
async function alertsOf(rule: string, steps: readonly Step[]): Promise<number> {
  const before = agent.alerts(rule).length;
  const reports = await act(steps);
  assert.deepEqual(
    reports.filter(({ result }) => result < 0),
    [],
  );
  await agent.settled();
  return agent.alerts(rule).length - before;
}

const openOf = (descriptor: number): Step => ['openat', AT_FDCWD, str(`/proc/self/fd/${descriptor}`), O.RDONLY];
const often = (step: Step): Step[] => Array.from({ length: OFTEN }, () => step);
/** The first descriptor that act opens. */
const FIRST = 3;
const rename = (from: string, to: string): Step => ['renameat', AT_FDCWD, str(from), AT_FDCWD, str(to)];

test('a file is renamed', async () => {
  const file = `${directory}/renamed`;
  const wanted = `${directory}/wanted`;
  writeFileSync(file, '');
  const open = openOf(FIRST);
  const steps: Step[] = [
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ...often(open),
    ...often(rename(file, wanted)).flatMap((there) => [there, open, open, rename(wanted, file), open]),
  ];
  assert.equal(await alertsOf(ENDING, steps), 2 * OFTEN);
});

test('a folder above it is renamed', async () => {
  mkdirSync(`${directory}/ou/deep`, { recursive: true });
  writeFileSync(`${directory}/ou/deep/plain`, '');
  const open = openOf(FIRST);
  const steps: Step[] = [
    ['openat', AT_FDCWD, str(`${directory}/ou/deep/plain`), O.RDONLY],
    ...often(open),
    rename(`${directory}/ou`, `${directory}/in`),
    ...often(open),
    rename(`${directory}/in`, `${directory}/ou`),
    ...often(open),
  ];
  assert.equal(await alertsOf(PLACE, steps), OFTEN);
});

test('files follow one another by names of one length', async () => {
  const steps: Step[] = [];
  for (let index = 0; index < FILES; index++) {
    const name = `${directory}/${index % TURN ? `p${String(index).padStart(5, '0')}` : 'wanted'}`;
    steps.push(['openat', AT_FDCWD, str(name), O.RDWR | O.CREAT, 0o600]);
    // It is opened once more by a name without its ending.
    steps.push(openOf(FIRST), ['close', FIRST + 1], ['close', FIRST], ['unlinkat', AT_FDCWD, str(name), 0]);
  }
  assert.equal(await alertsOf(ENDING, steps), (2 * FILES) / TURN);
});

test('its process gets another root', async () => {
  mkdirSync(`${directory}/root/proc`, { recursive: true });
  writeFileSync(`${directory}/root/plain`, '');
  const open = openOf(FIRST);
  const steps: Step[] = [
    ['unshare', CLONE_NEWNS],
    ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
    ['mount', str('/proc'), str(`${directory}/root/proc`), 'null', MS_BIND, 'null'],
    ['openat', AT_FDCWD, str(`${directory}/root/plain`), O.RDONLY],
    ...often(open),
    ['chroot', str(`${directory}/root`)],
    ...often(open),
  ];
  assert.equal(await alertsOf(ROOT, steps), OFTEN);
});

test('its folder is mounted elsewhere', async () => {
  for (const name of ['mounted', 'in']) mkdirSync(`${directory}/${name}`, { recursive: true });
  writeFileSync(`${directory}/mounted/plain`, '');
  const steps: Step[] = [
    ['unshare', CLONE_NEWNS],
    ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
    ['openat', AT_FDCWD, str(`${directory}/mounted`), O.RDONLY | O.DIRECTORY],
    ...often(['openat', FIRST, str('plain'), O.RDONLY]),
    ['mount', str(`${directory}/mounted`), str(`${directory}/in`), 'null', MS_BIND, 'null'],
    ['chdir', str(`${directory}/in`)],
    ...often(['openat', AT_FDCWD, str('plain'), O.RDONLY]),
    ...often(['openat', FIRST, str('plain'), O.RDONLY]),
  ];
  assert.equal(await alertsOf(PLACE, steps), OFTEN);
});
