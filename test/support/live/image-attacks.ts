// Ten kinds of attacks that rules only match by the image of the process, and the rules. Each attack has a mark of its own in its
// command line, which is in its alert.

import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { CGROUPS } from './cgroup-place.ts';
import { act, actProgram, type Step, str } from './live-act.ts';
import { AT_FDCWD, O } from './live-numbers.ts';

const AF_INET = 2;
const SOCK_DGRAM = 2;
const USER = 1234;
const ELDER = 'elder';
const INTRUDER = 'intruder';

interface Kind {
  readonly name: string;
  readonly condition: string;
  /** @param own a directory that no other attack has */
  steps(own: string): readonly Step[];
}

function kinds(directory: string): Kind[] {
  const target = `${directory}/target`;
  const read = (path: string): Step => ['openat', AT_FDCWD, str(path), O.RDONLY];
  return [
    {
      name: 'name',
      condition: `evt.type = openat and fd.name = ${target} and proc.name = act`,
      steps: () => [read(target)],
    },
    {
      name: 'ancestor',
      condition: `evt.type = openat and fd.name = ${target}-${ELDER} and proc.aname = ${ELDER} and proc.name = act`,
      steps: (own) => [['@link', `${own}/${ELDER}`], ['@fork'], ['@link', `${own}/act`], read(`${target}-${ELDER}`)],
    },
    {
      name: 'executed',
      condition: `evt.type = execve and proc.name = ${INTRUDER}`,
      steps: (own) => [['@link', `${own}/${INTRUDER}`]],
    },
    {
      name: 'command line',
      condition: `evt.type = unlinkat and proc.cmdline contains ${target}-unlinked`,
      steps: () => [['unlinkat', AT_FDCWD, str(`${target}-unlinked`), 0]],
    },
    {
      name: 'directory',
      condition: `evt.type = mkdirat and proc.cwd = ${directory}/ and proc.name = act`,
      steps: () => [
        ['chdir', str(directory)],
        ['mkdirat', AT_FDCWD, str('.'), 0o700],
      ],
    },
    {
      name: 'user',
      condition: `evt.type = connect and user.uid = ${USER} and proc.name = act`,
      steps: () => [
        ['@user', USER],
        ['socket', AF_INET, SOCK_DGRAM, 0],
        ['connect', 'r', 'in:127.0.0.1:9', 'len'],
      ],
    },
    {
      name: 'parent',
      condition: `evt.type = linkat and proc.pname = ${ELDER}`,
      steps: (own) => [
        ['@link', `${own}/${ELDER}`],
        ['@fork'],
        ['linkat', AT_FDCWD, str(target), AT_FDCWD, str(target), 0],
      ],
    },
    {
      name: 'executable',
      condition: `evt.type = renameat2 and proc.exepath = ${actProgram()}`,
      steps: () => [['renameat2', AT_FDCWD, str(`${target}-none`), AT_FDCWD, str(`${target}-none`), 0]],
    },
    {
      name: 'environment',
      condition: `evt.type = symlinkat and proc.env contains pressure-environment`,
      steps: (own) => [
        ['@env', 'PRESSURE=pressure-environment'],
        ['@link', `${own}/link`],
        ['symlinkat', str(target), AT_FDCWD, str(target)],
      ],
    },
    {
      name: 'group',
      condition: `evt.type = fchmodat and proc.is_vpgid_leader = true and proc.name = act`,
      steps: () => [['@fork'], ['setpgid', 0, 0], ['fchmodat', AT_FDCWD, str(`${target}-none`), 0o600]],
    },
  ];
}

const ruleName = (name: string): string => `pressure by ${name}`;

/** The rules, for attacks in that directory. */
export function attackRules(directory: string): string {
  return kinds(directory)
    .map(({ name, condition }) => {
      const output = '%proc.name %proc.cmdline';
      const rule = { rule: ruleName(name), desc: 'for a test', condition, output, priority: 'WARNING' };
      return `- ${JSON.stringify(rule)}\n`;
    })
    .join('');
}

export interface Attack {
  readonly rule: string;
  /** In the command line of its process, and so in its alert. */
  readonly mark: string;
}

/**
 * Makes so many attacks, of all kinds by turns, some at a time. They have a control group of their own: root's processes in one group share
 * their room for changes, and what else of root's runs on the machine may storm.
 * @param label not used before in that directory
 */
export async function attack(directory: string, label: string, times: number, atOnce = 4): Promise<Attack[]> {
  const all = kinds(directory);
  const made: Attack[] = [];
  const group = `${CGROUPS}/wasprey-attacks-${process.pid}`;
  const enter: readonly Step[] = [
    ['openat', AT_FDCWD, str(`${group}/cgroup.procs`), O.WRONLY],
    ['write', 'r', str('0'), 1],
    ['@fork'], // what moves is counted where it was
  ];
  mkdirSync(group, { recursive: true });
  const run = async (first: number): Promise<void> => {
    for (let number = first; number < times; number += atOnce) {
      const kind = all[number % all.length] as Kind;
      const mark = `mark-${label}-${number}-`;
      const own = join(directory, mark);
      mkdirSync(own);
      await act([['@mark', mark], ...enter, ...kind.steps(own), ['@mark', mark]]);
      made.push({ rule: ruleName(kind.name), mark });
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, (_, first) => run(first)));
  } finally {
    rmdirSync(group);
  }
  return made;
}
