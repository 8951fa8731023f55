// Actions with programs: what is run, from where, and by whom.

import type { Action } from './action.ts';
import { AT_EMPTY_PATH, O } from './numbers.ts';
import { become, create, list, open, pretend, read, type Step, spawn, str } from './steps.ts';

/** A copy of act in memory: the descriptor of the file is r0, that of the memory r1. */
function copyToMemory(act: string): Step[] {
  return [read(act), ['memfd_create', str('program'), 0], ['sendfile', 'r1', 'r0', 'null', 100_000_000]];
}

/** Runs what a descriptor refers to. */
function execDescriptor(descriptor: string, marker: string): Step {
  return ['execveat', descriptor, str(''), list('program', '@mark', marker), 'null', AT_EMPTY_PATH];
}

export const PROGRAM_ACTIONS: readonly Action[] = [
  {
    name: 'start-shell-from-server',
    description: 'runs sh from a process called httpd',
    where: 'any',
    rules: ['Run shell untrusted'],
    steps: ({ directory, marker }) => [become(directory, 'httpd'), spawn('sh', '-c', `: ${marker}`)],
    nearMisses: [
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
  },
  {
    name: 'start-program-from-database',
    description: 'runs true from a process called mysqld',
    where: 'any',
    rules: ['DB program spawned process'],
    steps: ({ directory, marker }) => [become(directory, 'mysqld'), spawn('true', marker)],
    nearMisses: [
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
  },
  {
    name: 'start-program-as-system-user',
    description: 'runs true as user daemon, below a process called sshd',
    where: 'any',
    needs: { root: true },
    rules: ['System user interactive'],
    steps: ({ directory, marker }) => [become(directory, 'sshd'), ['@user', 1], spawn('true', marker)],
    nearMisses: [
      { what: 'as root', steps: ({ directory, marker }) => [become(directory, 'sshd'), spawn('true', marker)] },
      {
        what: 'as a user of no name',
        steps: ({ directory, marker }) => [become(directory, 'sshd'), ['@user', 4242], spawn('true', marker)],
      },
      { what: 'not below sshd', steps: ({ marker }) => [['@user', 1], spawn('true', marker)] },
    ],
  },
  {
    name: 'search-private-keys',
    description: 'searches an empty folder for id_rsa, by find',
    where: 'any',
    needs: { programs: ['find'] },
    rules: ['Search Private Keys or Passwords'],
    steps: ({ directory }) => [spawn('find', directory, '-name', 'id_rsa')],
    nearMisses: [
      { what: 'other files', steps: ({ directory }) => [spawn('find', directory, '-name', 'known_hosts')] },
      { what: 'by another program', steps: ({ directory }) => [spawn('true', directory, '-name', 'id_rsa')] },
    ],
  },
  {
    name: 'search-passwords',
    description: 'searches an empty file for the head of a private key, by grep',
    where: 'any',
    needs: { programs: ['grep'] },
    rules: ['Search Private Keys or Passwords'],
    steps: ({ directory }) => [
      ...create(`${directory}/empty`, ''),
      spawn('grep', 'BEGIN RSA PRIVATE', `${directory}/empty`),
    ],
    nearMisses: [
      {
        what: 'the head of a certificate',
        steps: ({ directory }) => [
          ...create(`${directory}/empty`, ''),
          spawn('grep', 'BEGIN CERTIFICATE', `${directory}/empty`),
        ],
      },
    ],
  },
  {
    name: 'search-aws-credentials',
    description: 'searches an empty folder for .aws/credentials, by find',
    where: 'any',
    needs: { programs: ['find'] },
    rules: ['Find AWS Credentials'],
    steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/credentials')],
    nearMisses: [
      { what: 'other settings', steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/config')] },
      {
        what: 'not at the end',
        steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/credentials', '-print')],
      },
    ],
  },
  {
    name: 'shred-file',
    description: 'runs a program called shred on a file of its own',
    where: 'any',
    rules: ['Remove Bulk Data from Disk'],
    steps: ({ directory }) => [...create(`${directory}/file`), pretend(directory, 'shred', '-u', `${directory}/file`)],
    nearMisses: [
      {
        what: 'rm',
        steps: ({ directory }) => [...create(`${directory}/file`), spawn('rm', '-f', `${directory}/file`)],
      },
    ],
  },
  {
    name: 'run-from-shared-memory',
    description: 'runs a script in /dev/shm by sh',
    where: 'any',
    needs: { files: ['/dev/shm'] },
    rules: ['Execution from /dev/shm'],
    leaves: ({ marker }) => [`/dev/shm/wasprey-${marker}.sh`],
    steps: ({ marker }) => [
      ...create(`/dev/shm/wasprey-${marker}.sh`, '#!/bin/sh\n', 0o755),
      spawn('sh', '-c', `/dev/shm/wasprey-${marker}.sh`),
    ],
    nearMisses: [
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
  },
  {
    name: 'run-dropped-program',
    description: 'copies a program into the container and runs it',
    where: 'container',
    needs: { root: true },
    rules: ['Drop and execute new binary in container'],
    ownRules: ['Dropped program run in container'],
    leaves: ({ marker }) => [`/wasprey-${marker}`],
    steps: ({ marker }) => [['@copy', `/wasprey-${marker}`]],
    nearMisses: [
      { what: 'a program of the image', steps: ({ marker }) => [spawn('true', marker)] },
      { what: 'a link to one', steps: ({ directory }) => [become(directory, 'linked')] },
      { what: 'outside of containers', where: 'host', steps: ({ directory }) => [['@copy', `${directory}/dropped`]] },
    ],
  },
  {
    name: 'run-from-memory',
    description: 'runs a program out of a memfd',
    where: 'any',
    rules: ['Fileless execution via memfd_create'],
    ownRules: ['Program run from memory'],
    steps: ({ act, marker }) => [...copyToMemory(act), execDescriptor('r1', marker)],
    nearMisses: [
      {
        what: 'a file by its descriptor',
        steps: ({ act, marker }) => [...copyToMemory(act), execDescriptor('r0', marker)],
      },
      {
        what: 'data in memory',
        steps: ({ marker }) => [['memfd_create', str(marker), 0], open('/dev/null', O.WRONLY), spawn('true', marker)],
      },
    ],
  },
];
