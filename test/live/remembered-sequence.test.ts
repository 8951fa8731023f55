// What the kernel filter remembers of names costs no alert and makes none: opens among generated changes of what their names lead to, with
// the filter and without.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { shortDirectoryForTests } from '../support/directory.ts';
import { act, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  CLONE_NEWNS,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  O,
} from '../support/live/live-numbers.ts';
import { TIME_FACTOR } from '../support/live/time-factor.ts';

/** WASPREY_TEST_SEED repeats a run. */
const SEED = Number(process.env.WASPREY_TEST_SEED ?? 17);
const SEQUENCES = Math.ceil(12 / TIME_FACTOR);
/** Of a sequence: act takes 256 steps. */
const PARTS = 14;
/** Sooner after it has changed its place, a process's opens by names below that are not dropped. */
const SETTLED: Step = ['@sleep', 30];

const directory = shortDirectoryForTests();
const RULE = 'Opened where it is wanted';
const RULES = [
  `
- rule: ${RULE}
  desc: a file by where it is now
  condition: >
    evt.type in (open, openat) and fd.num >= 0 and proc.name = act and
    (fd.name endswith /wanted or fd.name startswith ${directory}/in/ or fd.name = /plain)
  output: '%fd.name %fd.num %proc.vpid'
  priority: WARNING
`,
];

/** With the filter, and without. */
let agents: readonly [LiveAgent, LiveAgent];
before(async () => {
  agents = [await LiveAgent.start(RULES), await LiveAgent.start(RULES, { kernelFilter: false })];
});
after(async () => {
  for (const agent of agents) await agent.stop();
});

const FOLDERS = ['in', 'ou', 'ou/deep', 'root'];
const NAMES = ['plain', 'wanted', 'unused'];
const HELD = ['unused', 'ou/deep/unused', 'root/plain', 'ou', 'in', 'root'];
/** Of the root, of the folder, and of what is held, which is opened in this order. */
const [ROOT, TOP, FIRST] = [3, 4, 5];

/** From the folder on: the root changes. */
const folder = fc.constantFrom('.', ...FOLDERS);
const file = fc.tuple(folder, fc.constantFrom(...NAMES)).map((parts) => parts.join('/'));
const heldFolder = fc.nat({ max: 2 }).map((index) => FIRST + 3 + index);
const rename = (from: string, to: string): Step => ['renameat', TOP, str(from), TOP, str(to)];

/** By names that say nothing of what they lead to. */
const LINKS = [FIRST, FIRST + 1, FIRST + 2].map(
  (descriptor): Step => ['openat', AT_FDCWD, str(`/proc/self/fd/${descriptor}`), O.RDONLY],
);
const open = fc.oneof(
  file.map((name): Step => ['openat', AT_FDCWD, str(`${directory}/${name}`), O.RDONLY]),
  file.map((name): Step => ['openat', TOP, str(name), O.RDONLY]),
  file.map((name): Step => ['openat', AT_FDCWD, str(name), O.RDONLY]),
  fc.tuple(heldFolder, fc.constantFrom(...NAMES)).map(([at, name]): Step => ['openat', at, str(name), O.RDONLY]),
  file.map((name): Step => ['openat', TOP, str(name), O.RDWR | O.CREAT, 0o600]),
);

interface Change {
  readonly make: readonly Step[];
  readonly undo?: readonly Step[];
}
const bothWays = <T>(one: T, other: T) => fc.constantFrom([one, other] as const, [other, one] as const);
const change: fc.Arbitrary<Change> = fc.oneof(
  // Both names are of one length.
  fc
    .tuple(fc.constantFrom('.', 'ou/deep', 'in/deep'), bothWays('unused', 'wanted'))
    .map(([at, [from, to]]) => ({ make: [rename(`${at}/${from}`, `${at}/${to}`)] })),
  bothWays('ou', 'in').map(([from, to]) => ({ make: [['unlinkat', TOP, str(to), AT_REMOVEDIR], rename(from, to)] })),
  fc.tuple(file, file).map(([from, to]) => ({ make: [rename(from, to)] })),
  fc.tuple(folder, folder).map(([from, to]) => ({ make: [rename(from, to)] })),
  fc.tuple(file, file).map(([from, to]) => ({ make: [['linkat', TOP, str(from), TOP, str(to), 0]] })),
  file.map((name) => ({ make: [['unlinkat', TOP, str(name), 0]] })),
  folder.map((name) => ({ make: [['fchdir', TOP], ['chdir', str(name)], SETTLED] })),
  fc.tuple(folder, folder).map(([from, to]) => ({
    make: [['mount', str(`${directory}/${from}`), str(`${directory}/${to}`), 'null', MS_BIND, 'null']],
  })),
  folder.map((name) => ({ make: [['umount2', str(`${directory}/${name}`), MNT_DETACH]] })),
  heldFolder.map((at) => ({
    make: [['fchdir', at], ['chroot', str('.')], SETTLED],
    undo: [['fchdir', ROOT], ['chroot', str('.')], SETTLED],
  })),
);
const part = fc.tuple(open, change);
const sequence = fc.array(part, { minLength: PARTS, maxLength: PARTS });

/** What was there is put back for each sequence. */
function begin(): Step[] {
  for (const name of FOLDERS) mkdirSync(`${directory}/${name}`, { recursive: true });
  for (const name of HELD.slice(0, 3)) writeFileSync(`${directory}/${name}`, '');
  for (const at of ['.', ...FOLDERS]) rmSync(`${directory}/${at}/wanted`, { force: true });
  return [
    ['unshare', CLONE_NEWNS],
    ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
    ['openat', AT_FDCWD, str('/'), O.RDONLY | O.DIRECTORY],
    ['openat', AT_FDCWD, str(directory), O.RDONLY | O.DIRECTORY],
    ...HELD.map((name): Step => ['openat', TOP, str(name), O.RDONLY]),
  ];
}

let opened = 0;
let alerts = 0;
for (const [index, parts] of fc.sample(sequence, { numRuns: SEQUENCES, seed: SEED }).entries()) {
  test(`sequence ${index} of seed ${SEED}`, async () => {
    const steps = parts.flatMap(([open, { make, undo = [] }]) => {
      const opens = [...LINKS, open];
      return [...opens, ...opens, ...make, ...opens, ...undo];
    });
    const calls = await act([...begin(), ...steps]);
    const pid = BigInt(calls[0]?.pid ?? assert.fail());
    const [filtered, unfiltered] = await Promise.all(
      agents.map(async (agent) => {
        await agent.settled();
        const found = agent.alerts(RULE, { 'proc.vpid': pid });
        return found.map(({ output_fields: fields }) => `${fields['fd.num']} ${fields['fd.name']}`);
      }),
    );
    assert.deepEqual(filtered, unfiltered);
    opened += calls.filter(({ call, result }) => call === 'openat' && result >= 0).length;
    alerts += filtered?.length ?? 0;
  });
}

test('some of them matched, and most did not', () => {
  assert.ok(alerts > opened / 20 && alerts < opened / 2, `${alerts} alerts of ${opened} opens`);
});
