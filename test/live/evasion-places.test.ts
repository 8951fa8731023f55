// Programs that a process gives a path which rules trust, by a root or a mount of its own: they are told where the first process has them,
// or that no path leads there.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { directoryOnRootForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { act, actProgram, copyAct, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { alertsOf, evadedRules, type Run } from '../support/live/live-evasions.ts';
import { AT_FDCWD, CLONE_NEWNS, MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';

const READ = 'Sensitive file read';
const FSCONFIG_CMD_CREATE = 6;
/** Where the rules trust a program that is called so to read passwords. */
const TRUSTED = 'usr/bin/login';

const directory = directoryOnRootForTests();
const root = `${directory}/root`;
const mounted = `${directory}/mounted`;
const agent = LiveAgent.forTests(evadedRules(), { warnings: 'accepted', ruleMatching: 'all' });

before(() => {
  for (const path of [`${root}/usr/bin`, mounted]) mkdirSync(path, { recursive: true });
  copyAct(`${root}/usr/bin`, 'login');
});

/** Descriptor 3, by which the machine's files are reached from everywhere. */
const MACHINE: Step = ['openat', AT_FDCWD, str('/'), O.PATH];
const APART: readonly Step[] = [
  ['unshare', CLONE_NEWNS],
  ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
];
const run = (path: string): Step => ['execve', str(path), 'list:login,@mark,MARK,--,openat,3,s:etc/shadow,0,0', 'null'];
/** Copies act to a file in a directory's descriptor, of the step of that number. */
const copiedTo = (parent: string, made: number): readonly Step[] => [
  ['mkdirat', parent, str('usr'), 0o755],
  ['mkdirat', parent, str('usr/bin'), 0o755],
  ['openat', parent, str(TRUSTED), O.CREAT | O.WRONLY, 0o755],
  ['openat', AT_FDCWD, str(actProgram()), O.RDONLY],
  ['sendfile', `r${made + 2}`, `r${made + 3}`, 'null', 0x7ffff000],
  ['close', `r${made + 2}`],
];

interface Way {
  readonly steps: readonly Step[];
  readonly path: string;
}

const WAYS: Readonly<Record<string, Way>> = {
  'with a root of its own (chroot)': {
    steps: [MACHINE, ['chroot', str(root)], run(`/${TRUSTED}`)],
    path: `${root}/${TRUSTED}`,
  },
  'with a root of its own (pivot_root)': {
    steps: [
      MACHINE,
      ...APART,
      ['mount', str(root), str(root), 'null', MS_BIND, 'null'],
      ['chdir', str(root)],
      ['pivot_root', str('.'), str('.')],
      ['umount2', str('.'), MNT_DETACH],
      run(`/${TRUSTED}`),
    ],
    path: `${root}/${TRUSTED}`,
  },
  'on a mount that is mounted nowhere (fsmount)': {
    steps: [
      MACHINE,
      ['fsopen', str('tmpfs'), 0],
      ['fsconfig', 'r1', FSCONFIG_CMD_CREATE, 'null', 'null', 0],
      ['fsmount', 'r1', 0, 0],
      ...copiedTo('r3', 4),
      ['fchdir', 'r3'],
      run(TRUSTED),
    ],
    path: `(unreachable)/${TRUSTED}`,
  },
  'on a mount that was taken away': {
    steps: [
      MACHINE,
      ...APART,
      ['mount', str('none'), str(mounted), str('tmpfs'), 0, 'null'],
      ['chdir', str(mounted)],
      ...copiedTo(String(AT_FDCWD), 5),
      ['umount2', str(mounted), MNT_DETACH],
      run(TRUSTED),
    ],
    path: `(unreachable)/${TRUSTED}`,
  },
};

/** Puts the mark into the arguments of the program that is run, too. */
const marked: Run = (steps) => {
  const mark = String(steps[0]?.[1]);
  return act(
    steps.map((step) => step.map((word) => (typeof word === 'string' ? word.replace('MARK', mark) : word)) as Step),
  );
};

describe('A program that reads passwords is trusted where the machine has it, and not', () => {
  for (const [name, { steps, path }] of Object.entries(WAYS)) {
    test(name, async () => {
      const alerts = await alertsOf(agent, steps, READ, marked);
      assert.equal(alerts.length, 1);
      assertFields(alerts[0] ?? assert.fail(), { 'proc.name': 'login', 'proc.exepath': path });
    });
  }
});
