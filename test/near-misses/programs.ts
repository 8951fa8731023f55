// What comes close to the actions of host/generate/actions/programs.ts.

import { O } from '../../host/generate/actions/numbers.ts';
import { copyToMemory, execDescriptor } from '../../host/generate/actions/programs.ts';
import { become, create, open, spawn, str } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

export const PROGRAM_NEAR_MISSES: NearMisses = {
  'start-shell-from-server': [
    {
      what: 'another program',
      steps: ({ directory, marker }) => [become(directory, 'httpd'), spawn('true', marker)],
    },
    { what: 'a shell of no server', steps: ({ marker }) => [spawn('sh', '-c', `: ${marker}`)] },
    {
      what: 'a shell that is asked who it is',
      steps: ({ directory }) => [become(directory, 'httpd'), spawn('sh', '-c', 'whoami')],
    },
    {
      what: 'a shell that cron starts for it',
      steps: ({ directory, marker }) => [
        become(directory, 'httpd'),
        ['@fork'],
        become(directory, 'crond'),
        spawn('sh', '-c', `: ${marker}`),
      ],
    },
  ],
  'start-program-from-database': [
    {
      what: 'itself once more',
      steps: ({ directory }) => [become(directory, 'mysqld'), ['@fork'], become(directory, 'mysqld')],
      mayBeRefused: true,
    },
    {
      what: 'from another server',
      steps: ({ directory, marker }) => [become(directory, 'mongod'), spawn('true', marker)],
    },
  ],
  'start-program-as-system-user': [
    { what: 'as root', steps: ({ directory, marker }) => [become(directory, 'sshd'), spawn('true', marker)] },
    {
      what: 'as a user of no name',
      steps: ({ directory, marker }) => [become(directory, 'sshd'), ['@user', 4242], spawn('true', marker)],
    },
    { what: 'not below sshd', steps: ({ marker }) => [['@user', 1], spawn('true', marker)] },
  ],
  'search-private-keys': [
    { what: 'other files', steps: ({ directory }) => [spawn('find', directory, '-name', 'known_hosts')] },
    { what: 'by another program', steps: ({ directory }) => [spawn('true', directory, '-name', 'id_rsa')] },
  ],
  'search-passwords': [
    {
      what: 'the head of a certificate',
      steps: ({ directory }) => [
        ...create(`${directory}/empty`, ''),
        spawn('grep', 'BEGIN CERTIFICATE', `${directory}/empty`),
      ],
    },
  ],
  'search-aws-credentials': [
    { what: 'other settings', steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/config')] },
    {
      what: 'not at the end',
      steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/credentials', '-print')],
    },
  ],
  'shred-file': [
    {
      what: 'rm',
      steps: ({ directory }) => [...create(`${directory}/file`), spawn('rm', '-f', `${directory}/file`)],
    },
  ],
  'run-from-shared-memory': [
    {
      what: 'a script elsewhere',
      steps: ({ directory }) => [
        ...create(`${directory}/script.sh`, '#!/bin/sh\n', 0o755),
        spawn('sh', '-c', `${directory}/script.sh`),
      ],
    },
    {
      what: 'a script there that is only read',
      leaves: ({ marker }) => [`/dev/shm/wasprey-${marker}.sh`],
      steps: ({ marker }) => [
        ...create(`/dev/shm/wasprey-${marker}.sh`, '#!/bin/sh\n', 0o755),
        spawn('cat', `/dev/shm/wasprey-${marker}.sh`),
      ],
    },
  ],
  'run-dropped-program': [
    { what: 'a program of the image', steps: ({ marker }) => [spawn('true', marker)] },
    { what: 'a link to one', steps: ({ directory }) => [become(directory, 'linked')] },
    { what: 'outside of containers', where: 'host', steps: ({ directory }) => [['@copy', `${directory}/dropped`]] },
  ],
  'run-from-memory': [
    {
      what: 'a file by its descriptor',
      steps: ({ act, marker }) => [...copyToMemory(act), execDescriptor('r0', marker)],
    },
    {
      what: 'data in memory',
      steps: ({ marker }) => [['memfd_create', str(marker), 0], open('/dev/null', O.WRONLY), spawn('true', marker)],
    },
  ],
};
