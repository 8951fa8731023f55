// Actions on the system's own files: programs, configuration, package sources, and files that are hidden.

import type { Action, Behaviour, NearMiss, Scene } from './action.ts';
import { AT_FDCWD, O } from './numbers.ts';
import { become, create, makeDirectory, open, read, type Step, str } from './steps.ts';

const ROOT = { root: true } as const;
const PACKAGE_SOURCES = '/etc/apt/sources.list.d';

/** A file of the action's own, whose path begins so. */
const at =
  (start: string) =>
  ({ marker }: Scene): string =>
    `${start}wasprey-${marker}`;

/** Makes that file, as the program of that name or as act. */
function write(start: string, program?: string): Behaviour {
  const path = at(start);
  return {
    steps: (scene) => [...(program === undefined ? [] : [become(scene.directory, program)]), ...create(path(scene))],
    leaves: (scene) => [path(scene)],
  };
}

/** The stock rule takes a program's name for what it is; rules of Wasprey's own do not. */
function byTrusted(what: string, rule: string, behaviour: Behaviour): NearMiss {
  return { what, rules: [rule], ...behaviour };
}

const rename = (from: string, to: string): Step => ['renameat', AT_FDCWD, str(from), AT_FDCWD, str(to)];

function renameIn(folder: string): Behaviour {
  const path = at(folder);
  return {
    steps: (scene) => [...create(path(scene)), rename(path(scene), `${path(scene)}-renamed`)],
    leaves: (scene) => [path(scene), `${path(scene)}-renamed`],
  };
}

/** It removes the file itself: whoever else does changes a folder of programs too. */
function renameAsPackageManager({ directory, marker }: Scene): Step[] {
  const path = `/usr/bin/wasprey-${marker}`;
  return [
    become(directory, 'dpkg'),
    ...create(path),
    rename(path, `${path}-renamed`),
    ['unlinkat', AT_FDCWD, str(`${path}-renamed`), 0],
  ];
}

function makeFolderIn(folder: string, program?: string): Behaviour {
  const path = at(folder);
  return {
    steps: (scene) => [
      ...(program === undefined ? [] : [become(scene.directory, program)]),
      makeDirectory(path(scene)),
    ],
    leaves: (scene) => [path(scene)],
  };
}

export const SYSTEM_FILE_ACTIONS: readonly Action[] = [
  {
    name: 'write-below-etc',
    description: 'makes a file in /etc',
    where: 'any',
    needs: ROOT,
    rules: ['Write below etc'],
    ownRules: ['File below /etc written'],
    ...write('/etc/'),
    nearMisses: [
      byTrusted('a program that keeps users', 'Write below etc', write('/etc/', 'useradd')),
      { what: 'only read', steps: () => [read('/etc/passwd')] },
      { what: 'beside it', ...write('/etc-') },
    ],
  },
  {
    name: 'write-below-root',
    description: 'makes a file in the home folder of root',
    where: 'any',
    needs: ROOT,
    rules: ['Write below root'],
    ...write('/root/'),
    nearMisses: [
      { what: 'a cache there', ...write('/root/.npm-') },
      { what: 'elsewhere', steps: ({ directory }) => create(`${directory}/file`) },
    ],
  },
  {
    name: 'write-below-program-folder',
    description: 'makes a file in /usr/bin',
    where: 'any',
    needs: ROOT,
    rules: ['Write below binary dir'],
    ownRules: ['System program changed'],
    ...write('/usr/bin/'),
    nearMisses: [
      byTrusted('a package manager', 'Write below binary dir', write('/usr/bin/', 'dpkg')),
      { what: 'in the folder above', ...write('/usr/') },
    ],
  },
  {
    name: 'write-below-library-folder',
    description: 'makes a file in /usr/lib',
    where: 'any',
    needs: ROOT,
    rules: ['Write below monitored dir'],
    ...write('/usr/lib/'),
    nearMisses: [
      { what: 'a package manager', ...write('/usr/lib/', 'dpkg') },
      { what: 'in the folder above', ...write('/usr/') },
    ],
  },
  {
    name: 'write-rpm-database',
    description: 'makes a file whose path begins as that of the package database of rpm',
    where: 'any',
    needs: ROOT,
    rules: ['Write below rpm database'],
    ...write('/var/lib/rpm-'),
    nearMisses: [
      { what: 'rpm itself', ...write('/var/lib/rpm-', 'rpm') },
      { what: 'beside it', ...write('/var/lib/') },
    ],
  },
  {
    name: 'rename-system-program',
    description: 'makes a file in /usr/bin and renames it',
    where: 'any',
    needs: ROOT,
    rules: ['Modify binary dirs'],
    ownRules: ['System program changed'],
    ...renameIn('/usr/bin/'),
    nearMisses: [
      byTrusted('a package manager', 'Modify binary dirs', { steps: renameAsPackageManager }),
      { what: 'in the folder above', ...renameIn('/usr/') },
    ],
  },
  {
    name: 'make-folder-for-programs',
    description: 'makes a folder in /usr/bin',
    where: 'any',
    needs: ROOT,
    rules: ['Mkdir binary dirs'],
    ...makeFolderIn('/usr/bin/'),
    nearMisses: [
      { what: 'a package manager', ...makeFolderIn('/usr/bin/', 'dpkg') },
      { what: 'in the folder above', ...makeFolderIn('/usr/') },
    ],
  },
  {
    name: 'add-package-source',
    description: `makes a file in ${PACKAGE_SOURCES}, under a name that is not looked at`,
    where: 'any',
    needs: { root: true, files: [PACKAGE_SOURCES] },
    rules: ['Update Package Repository'],
    ownRules: ['File below /etc written'],
    ...write(`${PACKAGE_SOURCES}/`),
    nearMisses: [
      byTrusted('a package manager', 'Update Package Repository', write(`${PACKAGE_SOURCES}/`, 'apt-get')),
      byTrusted('elsewhere in /etc', 'Update Package Repository', write('/etc/')),
    ],
  },
  {
    name: 'make-hidden-file',
    description: 'makes a file whose name begins with a dot',
    where: 'any',
    rules: ['Create Hidden Files or Directories'],
    steps: ({ directory }) => create(`${directory}/.hidden`),
    nearMisses: [
      { what: 'one with a dot elsewhere', steps: ({ directory }) => create(`${directory}/not.hidden`) },
      {
        what: 'one that there is',
        steps: ({ directory }) => [
          ...create(`${directory}/file`),
          ['symlinkat', str('file'), AT_FDCWD, str(`${directory}/.link`)],
          open(`${directory}/.link`, O.WRONLY),
        ],
      },
    ],
  },
  {
    name: 'read-shell-configuration',
    description: 'reads a file called .bashrc, in a folder of its own',
    where: 'any',
    rules: ['Read Shell Configuration File'],
    steps: ({ directory }) => [...create(`${directory}/.bashrc`), read(`${directory}/.bashrc`)],
    nearMisses: [
      {
        what: 'a shell reads it',
        steps: ({ directory }) => [
          ...create(`${directory}/.bashrc`),
          become(directory, 'bash'),
          read(`${directory}/.bashrc`),
        ],
      },
      { what: 'only written', steps: ({ directory }) => create(`${directory}/.bashrc`) },
    ],
  },
];
