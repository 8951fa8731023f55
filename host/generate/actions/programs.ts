// Actions with programs: what is run, from where, and by whom.

import type { Action } from './action.ts';
import { AT_EMPTY_PATH } from './numbers.ts';
import { become, create, list, pretend, read, type Step, spawn, str } from './steps.ts';

/** A copy of act in memory: the descriptor of the file is r0, that of the memory r1. */
export function copyToMemory(act: string): Step[] {
  return [read(act), ['memfd_create', str('program'), 0], ['sendfile', 'r1', 'r0', 'null', 100_000_000]];
}

/** Runs what a descriptor refers to. */
export function execDescriptor(descriptor: string, marker: string): Step {
  return ['execveat', descriptor, str(''), list('program', '@mark', marker), 'null', AT_EMPTY_PATH];
}

export const PROGRAM_ACTIONS: readonly Action[] = [
  {
    name: 'start-shell-from-server',
    description: 'runs sh from a process called httpd',
    where: 'any',
    rules: ['Run shell untrusted'],
    steps: ({ directory, marker }) => [become(directory, 'httpd'), spawn('sh', '-c', `: ${marker}`)],
  },
  {
    name: 'start-program-from-database',
    description: 'runs true from a process called mysqld',
    where: 'any',
    rules: ['DB program spawned process'],
    steps: ({ directory, marker }) => [become(directory, 'mysqld'), spawn('true', marker)],
  },
  {
    name: 'start-program-as-system-user',
    description: 'runs true as user daemon, below a process called sshd',
    where: 'any',
    needs: { root: true },
    rules: ['System user interactive'],
    steps: ({ directory, marker }) => [become(directory, 'sshd'), ['@user', 1], spawn('true', marker)],
  },
  {
    name: 'search-private-keys',
    description: 'searches an empty folder for id_rsa, by find',
    where: 'any',
    needs: { programs: ['find'] },
    rules: ['Search Private Keys or Passwords'],
    steps: ({ directory }) => [spawn('find', directory, '-name', 'id_rsa')],
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
  },
  {
    name: 'search-aws-credentials',
    description: 'searches an empty folder for .aws/credentials, by find',
    where: 'any',
    needs: { programs: ['find'] },
    rules: ['Find AWS Credentials'],
    steps: ({ directory }) => [spawn('find', directory, '-iname', '.aws/credentials')],
  },
  {
    name: 'shred-file',
    description: 'runs a program called shred on a file of its own',
    where: 'any',
    rules: ['Remove Bulk Data from Disk'],
    steps: ({ directory }) => [...create(`${directory}/file`), pretend(directory, 'shred', '-u', `${directory}/file`)],
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
  },
  {
    name: 'run-from-memory',
    description: 'runs a program out of a memfd',
    where: 'any',
    rules: ['Fileless execution via memfd_create'],
    ownRules: ['Program run from memory'],
    steps: ({ act, marker }) => [...copyToMemory(act), execDescriptor('r1', marker)],
  },
];
