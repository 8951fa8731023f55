// Actions of persistence and of covering tracks: shell set-up, cron, SSH keys, device files, histories.

import type { Action } from './action.ts';
import { AT_FDCWD, O } from './numbers.ts';
import { create, makeDirectory, open, pretend, read, str } from './steps.ts';

/** What the rules take for the SSH folder of root by the beginning of its name, and nobody reads. */
export const sshFolder = (marker: string): string => `/root/.ssh-wasprey-${marker}`;

export const PERSISTENCE_ACTIONS: readonly Action[] = [
  {
    name: 'write-shell-configuration',
    description: 'writes a file called .bashrc, in a folder of its own',
    where: 'any',
    rules: ['Modify Shell Configuration File'],
    steps: ({ directory }) => create(`${directory}/.bashrc`),
  },
  {
    name: 'write-cron-job',
    description: 'writes a file beside those of cron, where cron does not look',
    where: 'any',
    needs: { root: true },
    rules: ['Schedule Cron Jobs'],
    leaves: ({ marker }) => [`/etc/cron.wasprey-${marker}`],
    steps: ({ marker }) => create(`/etc/cron.wasprey-${marker}`),
  },
  {
    name: 'list-cron-jobs',
    description: 'runs a program called crontab',
    where: 'any',
    rules: ['Schedule Cron Jobs'],
    steps: ({ directory, marker }) => [pretend(directory, 'crontab', '-l', marker)],
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
  },
  {
    name: 'write-authorized-keys',
    description: 'writes a file called authorized_keys, below a folder of root whose name begins with .ssh',
    where: 'any',
    needs: { root: true },
    rules: ['Adding ssh keys to authorized_keys'],
    leaves: ({ marker }) => [sshFolder(marker)],
    steps: ({ marker }) => [makeDirectory(sshFolder(marker)), ...create(`${sshFolder(marker)}/authorized_keys`)],
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
  },
  {
    name: 'create-file-below-dev',
    description: 'makes a file in /dev',
    where: 'any',
    needs: { root: true },
    rules: ['Create files below dev'],
    leaves: ({ marker }) => [`/dev/wasprey-${marker}`],
    steps: ({ marker }) => create(`/dev/wasprey-${marker}`),
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
  },
  {
    name: 'empty-shell-history',
    description: 'empties a file called fish_history, in a folder of its own',
    where: 'any',
    rules: ['Delete or rename shell history'],
    steps: ({ directory }) => [open(`${directory}/fish_history`, O.WRONLY | O.CREAT | O.TRUNC)],
  },
];
