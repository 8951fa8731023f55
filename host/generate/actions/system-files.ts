// Actions on the system's own files: programs, configuration, package sources, and files that are hidden.

import type { Action, Behaviour, Scene } from './action.ts';
import { AT_FDCWD } from './numbers.ts';
import { become, create, makeDirectory, read, type Step, str } from './steps.ts';

const ROOT = { root: true } as const;
export const PACKAGE_SOURCES = '/etc/apt/sources.list.d';

/** A file of the action's own, whose path begins so. */
const at =
  (start: string) =>
  ({ marker }: Scene): string =>
    `${start}wasprey-${marker}`;

/** Makes that file, as the program of that name or as act. */
export function write(start: string, program?: string): Behaviour {
  const path = at(start);
  return {
    steps: (scene) => [...(program === undefined ? [] : [become(scene.directory, program)]), ...create(path(scene))],
    leaves: (scene) => [path(scene)],
  };
}

export const rename = (from: string, to: string): Step => ['renameat', AT_FDCWD, str(from), AT_FDCWD, str(to)];

export function renameIn(folder: string): Behaviour {
  const path = at(folder);
  return {
    steps: (scene) => [...create(path(scene)), rename(path(scene), `${path(scene)}-renamed`)],
    leaves: (scene) => [path(scene), `${path(scene)}-renamed`],
  };
}

export function makeFolderIn(folder: string, program?: string): Behaviour {
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
  },
  {
    name: 'write-below-root',
    description: 'makes a file in the home folder of root',
    where: 'any',
    needs: ROOT,
    rules: ['Write below root'],
    ...write('/root/'),
  },
  {
    name: 'write-below-program-folder',
    description: 'makes a file in /usr/bin',
    where: 'any',
    needs: ROOT,
    rules: ['Write below binary dir'],
    ownRules: ['System program changed'],
    ...write('/usr/bin/'),
  },
  {
    name: 'write-below-library-folder',
    description: 'makes a file in /usr/lib',
    where: 'any',
    needs: ROOT,
    rules: ['Write below monitored dir'],
    ...write('/usr/lib/'),
  },
  {
    name: 'write-rpm-database',
    description: 'makes a file whose path begins as that of the package database of rpm',
    where: 'any',
    needs: ROOT,
    rules: ['Write below rpm database'],
    ...write('/var/lib/rpm-'),
  },
  {
    name: 'rename-system-program',
    description: 'makes a file in /usr/bin and renames it',
    where: 'any',
    needs: ROOT,
    rules: ['Modify binary dirs'],
    ownRules: ['System program changed'],
    ...renameIn('/usr/bin/'),
  },
  {
    name: 'make-folder-for-programs',
    description: 'makes a folder in /usr/bin',
    where: 'any',
    needs: ROOT,
    rules: ['Mkdir binary dirs'],
    ...makeFolderIn('/usr/bin/'),
  },
  {
    name: 'add-package-source',
    description: `makes a file in ${PACKAGE_SOURCES}, under a name that is not looked at`,
    where: 'any',
    needs: { root: true, files: [PACKAGE_SOURCES] },
    rules: ['Update Package Repository'],
    ownRules: ['File below /etc written'],
    ...write(`${PACKAGE_SOURCES}/`),
  },
  {
    name: 'make-hidden-file',
    description: 'makes a file whose name begins with a dot',
    where: 'any',
    rules: ['Create Hidden Files or Directories'],
    steps: ({ directory }) => create(`${directory}/.hidden`),
  },
  {
    name: 'read-shell-configuration',
    description: 'reads a file called .bashrc, in a folder of its own',
    where: 'any',
    rules: ['Read Shell Configuration File'],
    steps: ({ directory }) => [...create(`${directory}/.bashrc`), read(`${directory}/.bashrc`)],
  },
];
