// What comes close to the actions of host/generate/actions/persistence.ts.

import { AT_FDCWD, O } from '../../host/generate/actions/numbers.ts';
import { sshFolder } from '../../host/generate/actions/persistence.ts';
import { become, create, makeDirectory, open, pretend, read, str } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const PERSISTENCE_NEAR_MISSES: NearMisses = {
  'write-shell-configuration': [
    { what: 'only read', steps: ({ directory }) => [open(`${directory}/.bashrc`, O.RDONLY | O.CREAT)] },
    { what: 'another file', steps: ({ directory }) => create(`${directory}/.bashrc.orig`) },
    {
      what: 'by a shell',
      steps: ({ directory }) => [become(directory, 'bash'), ...create(`${directory}/.bashrc`)],
    },
  ],
  'write-cron-job': [
    {
      what: 'another file there',
      leaves: ({ marker }) => [`/etc/wasprey-${marker}`],
      steps: ({ marker }) => create(`/etc/wasprey-${marker}`),
    },
  ],
  'list-cron-jobs': [
    { what: 'another program', steps: ({ directory, marker }) => [pretend(directory, 'crontabs', '-l', marker)] },
  ],
  'read-ssh-folder': [
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
  'write-authorized-keys': [
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
  'set-setuid-bit': [
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
  'create-file-below-dev': [
    {
      what: 'in a folder there',
      leaves: ({ marker }) => [`/dev/shm/wasprey-${marker}`],
      steps: ({ marker }) => create(`/dev/shm/wasprey-${marker}`),
    },
    { what: 'a device that all write to', steps: () => [open('/dev/null', O.WRONLY | O.CREAT)] },
    { what: 'one that is there, opened', steps: () => [open('/dev/zero', O.RDWR)] },
  ],
  'delete-shell-history': [
    {
      what: 'another file',
      steps: ({ directory }) => [
        open(`${directory}/.bash_notes`, O.RDONLY | O.CREAT),
        ['unlinkat', AT_FDCWD, str(`${directory}/.bash_notes`), 0],
      ],
    },
  ],
  'rename-shell-history': [
    {
      what: 'another file',
      steps: ({ directory }) => [
        open(`${directory}/.zsh_notes`, O.RDONLY | O.CREAT),
        ['renameat', AT_FDCWD, str(`${directory}/.zsh_notes`), AT_FDCWD, str(`${directory}/old`)],
      ],
    },
  ],
  'empty-shell-history': [
    { what: 'another file', steps: ({ directory }) => [open(`${directory}/notes`, O.WRONLY | O.CREAT | O.TRUNC)] },
    {
      what: 'a file that is called nearly so',
      steps: ({ directory }) => [open(`${directory}/fish_history.new`, O.WRONLY | O.CREAT | O.TRUNC)],
    },
  ],
};
