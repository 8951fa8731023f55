// Actions by which somebody stays on a machine and covers their tracks: shell set-up, cron, SSH keys, device files, histories.

import type { Action } from './action.ts';
import { AT_FDCWD, O } from './numbers.ts';
import { become, create, makeDirectory, open, pretend, read, str } from './steps.ts';

/** What the rules take for the SSH folder of root by the beginning of its name, and nobody reads. */
const sshFolder = (marker: string): string => `/root/.ssh-wasprey-${marker}`;

export const PERSISTENCE_ACTIONS: readonly Action[] = [
  {
    name: 'write-shell-configuration',
    description: 'writes a file called .bashrc, in a folder of its own',
    where: 'any',
    rules: ['Modify Shell Configuration File'],
    steps: ({ directory }) => create(`${directory}/.bashrc`),
    nearMisses: [
      { what: 'only read', steps: ({ directory }) => [open(`${directory}/.bashrc`, O.RDONLY | O.CREAT)] },
      { what: 'another file', steps: ({ directory }) => create(`${directory}/.bashrc.orig`) },
      {
        what: 'by a shell',
        steps: ({ directory }) => [become(directory, 'bash'), ...create(`${directory}/.bashrc`)],
      },
    ],
  },
  {
    name: 'write-cron-job',
    description: 'writes a file beside those of cron, where cron does not look',
    where: 'any',
    needs: { root: true },
    rules: ['Schedule Cron Jobs'],
    leaves: ({ marker }) => [`/etc/cron.wasprey-${marker}`],
    steps: ({ marker }) => create(`/etc/cron.wasprey-${marker}`),
    nearMisses: [
      {
        what: 'another file there',
        leaves: ({ marker }) => [`/etc/wasprey-${marker}`],
        steps: ({ marker }) => create(`/etc/wasprey-${marker}`),
      },
    ],
  },
  {
    name: 'list-cron-jobs',
    description: 'runs a program called crontab',
    where: 'any',
    rules: ['Schedule Cron Jobs'],
    steps: ({ directory, marker }) => [pretend(directory, 'crontab', '-l', marker)],
    nearMisses: [
      { what: 'another program', steps: ({ directory, marker }) => [pretend(directory, 'crontabs', '-l', marker)] },
    ],
  },
  {
    name: 'read-ssh-folder',
    description: 'reads a file below a folder of root whose name begins with .ssh',
    where: 'any',
    needs: { root: true },
    rules: ['Read ssh information'],
    leaves: ({ marker }) => [sshFolder(marker)],
    steps: ({ marker }) => [
      makeDirectory(sshFolder(marker)),
      ...create(`${sshFolder(marker)}/known_hosts`),
      read(`${sshFolder(marker)}/known_hosts`),
    ],
    nearMisses: [
      {
        what: 'by ssh',
        leaves: ({ marker }) => [sshFolder(marker)],
        // No folder: it would be read when it is removed.
        steps: ({ directory, marker }) => [
          become(directory, 'ssh'),
          ...create(sshFolder(marker)),
          read(sshFolder(marker)),
        ],
      },
      {
        what: 'such a folder elsewhere',
        steps: ({ directory }) => [
          makeDirectory(`${directory}/.ssh`),
          ...create(`${directory}/.ssh/known_hosts`),
          read(`${directory}/.ssh/known_hosts`),
        ],
      },
    ],
  },
  {
    name: 'write-authorized-keys',
    description: 'writes a file called authorized_keys, below a folder of root whose name begins with .ssh',
    where: 'any',
    needs: { root: true },
    rules: ['Adding ssh keys to authorized_keys'],
    leaves: ({ marker }) => [sshFolder(marker)],
    steps: ({ marker }) => [makeDirectory(sshFolder(marker)), ...create(`${sshFolder(marker)}/authorized_keys`)],
    nearMisses: [
      {
        what: 'another file there',
        leaves: ({ marker }) => [sshFolder(marker)],
        steps: ({ marker }) => [makeDirectory(sshFolder(marker)), ...create(`${sshFolder(marker)}/known_hosts`)],
      },
      {
        what: 'by a program of SSH',
        leaves: ({ marker }) => [sshFolder(marker)],
        steps: ({ directory, marker }) => [
          become(directory, 'ssh-keygen'),
          makeDirectory(sshFolder(marker)),
          ...create(`${sshFolder(marker)}/authorized_keys`),
        ],
      },
    ],
  },
  {
    name: 'set-setuid-bit',
    description: 'sets the setuid bit of a file of its own',
    where: 'any',
    rules: ['Set Setuid or Setgid bit'],
    steps: ({ directory }) => [
      ...create(`${directory}/program`),
      ['fchmodat', AT_FDCWD, str(`${directory}/program`), 0o4755],
    ],
    nearMisses: [
      {
        what: 'made executable',
        steps: ({ directory }) => [
          ...create(`${directory}/program`),
          ['fchmodat', AT_FDCWD, str(`${directory}/program`), 0o755],
        ],
      },
      {
        what: 'the sticky bit',
        steps: ({ directory }) => [
          ...create(`${directory}/program`),
          ['fchmodat', AT_FDCWD, str(`${directory}/program`), 0o1755],
        ],
      },
    ],
  },
  {
    name: 'create-file-below-dev',
    description: 'makes a file in /dev',
    where: 'any',
    needs: { root: true },
    rules: ['Create files below dev'],
    leaves: ({ marker }) => [`/dev/wasprey-${marker}`],
    steps: ({ marker }) => create(`/dev/wasprey-${marker}`),
    nearMisses: [
      {
        what: 'in a folder there',
        leaves: ({ marker }) => [`/dev/shm/wasprey-${marker}`],
        steps: ({ marker }) => create(`/dev/shm/wasprey-${marker}`),
      },
      { what: 'a device that all write to', steps: () => [open('/dev/null', O.WRONLY | O.CREAT)] },
      { what: 'one that is there, opened', steps: () => [open('/dev/zero', O.RDWR)] },
    ],
  },
  {
    name: 'delete-shell-history',
    description: 'deletes a file called .bash_history, in a folder of its own',
    where: 'any',
    rules: ['Delete or rename shell history'],
    steps: ({ directory }) => [
      open(`${directory}/.bash_history`, O.RDONLY | O.CREAT),
      ['unlinkat', AT_FDCWD, str(`${directory}/.bash_history`), 0],
    ],
    nearMisses: [
      {
        what: 'another file',
        steps: ({ directory }) => [
          open(`${directory}/.bash_notes`, O.RDONLY | O.CREAT),
          ['unlinkat', AT_FDCWD, str(`${directory}/.bash_notes`), 0],
        ],
      },
    ],
  },
  {
    name: 'rename-shell-history',
    description: 'renames a file called .zsh_history, in a folder of its own',
    where: 'any',
    rules: ['Delete or rename shell history'],
    steps: ({ directory }) => [
      open(`${directory}/.zsh_history`, O.RDONLY | O.CREAT),
      ['renameat', AT_FDCWD, str(`${directory}/.zsh_history`), AT_FDCWD, str(`${directory}/old`)],
    ],
    nearMisses: [
      {
        what: 'another file',
        steps: ({ directory }) => [
          open(`${directory}/.zsh_notes`, O.RDONLY | O.CREAT),
          ['renameat', AT_FDCWD, str(`${directory}/.zsh_notes`), AT_FDCWD, str(`${directory}/old`)],
        ],
      },
    ],
  },
  {
    name: 'empty-shell-history',
    description: 'empties a file called fish_history, in a folder of its own',
    where: 'any',
    rules: ['Delete or rename shell history'],
    steps: ({ directory }) => [open(`${directory}/fish_history`, O.WRONLY | O.CREAT | O.TRUNC)],
    nearMisses: [
      { what: 'another file', steps: ({ directory }) => [open(`${directory}/notes`, O.WRONLY | O.CREAT | O.TRUNC)] },
      {
        what: 'a file that is called nearly so',
        steps: ({ directory }) => [open(`${directory}/fish_history.new`, O.WRONLY | O.CREAT | O.TRUNC)],
      },
    ],
  },
];
