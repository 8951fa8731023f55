// What comes close to the actions of host/generate/actions/system-files.ts.

import type { Behaviour, Scene } from '../../host/generate/actions/action.ts';
import { AT_FDCWD, O } from '../../host/generate/actions/numbers.ts';
import { become, create, open, read, type Step, str } from '../../host/generate/actions/steps.ts';
import { makeFolderIn, PACKAGE_SOURCES, rename, renameIn, write } from '../../host/generate/actions/system-files.ts';
import type { NearMiss, NearMisses } from './near-miss.ts';

/** The stock rule takes a program's name for what it is; rules of Wasprey's own do not. */
function byTrusted(what: string, rule: string, behaviour: Behaviour): NearMiss {
  return { what, rules: [rule], ...behaviour };
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

export const SYSTEM_FILE_NEAR_MISSES: NearMisses = {
  'write-below-etc': [
    byTrusted('a program that keeps users', 'Write below etc', write('/etc/', 'useradd')),
    { what: 'only read', steps: () => [read('/etc/passwd')] },
    { what: 'opened as one to be made, and there already', steps: () => [open('/etc/passwd', O.RDONLY | O.CREAT)] },
    { what: 'beside it', ...write('/etc-') },
  ],
  'write-below-root': [
    { what: 'a cache there', ...write('/root/.npm-') },
    { what: 'elsewhere', steps: ({ directory }) => create(`${directory}/file`) },
  ],
  'write-below-program-folder': [
    byTrusted('a package manager', 'Write below binary dir', write('/usr/bin/', 'dpkg')),
    { what: 'in the folder above', ...write('/usr/') },
  ],
  'write-below-library-folder': [
    { what: 'a package manager', ...write('/usr/lib/', 'dpkg') },
    { what: 'in the folder above', ...write('/usr/') },
  ],
  'write-rpm-database': [
    { what: 'rpm itself', ...write('/var/lib/rpm-', 'rpm') },
    { what: 'beside it', ...write('/var/lib/') },
  ],
  'rename-system-program': [
    byTrusted('a package manager', 'Modify binary dirs', { steps: renameAsPackageManager }),
    { what: 'in the folder above', ...renameIn('/usr/') },
  ],
  'make-folder-for-programs': [
    { what: 'a package manager', ...makeFolderIn('/usr/bin/', 'dpkg') },
    { what: 'in the folder above', ...makeFolderIn('/usr/') },
  ],
  'add-package-source': [
    byTrusted('a package manager', 'Update Package Repository', write(`${PACKAGE_SOURCES}/`, 'apt-get')),
    byTrusted('elsewhere in /etc', 'Update Package Repository', write('/etc/')),
  ],
  'make-hidden-file': [
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
  'read-shell-configuration': [
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
};
