// Actions that change a system: its configuration, its programs, its packages; and shells where none is expected.

import type { Action } from './action.ts';
import { OUTSIDE } from './addresses.ts';
import { AT_FDCWD } from './numbers.ts';
import { become, connectTo, create, pretend, spawn, str } from './steps.ts';

export const SYSTEM_ACTIONS: readonly Action[] = [
  {
    name: 'add-configuration',
    description: 'makes a file below /etc',
    where: 'any',
    needs: { root: true },
    rules: [],
    ownRules: ['File below /etc written'],
    leaves: ({ marker }) => [`/etc/wasprey-${marker}`],
    steps: ({ marker }) => create(`/etc/wasprey-${marker}`),
  },
  {
    name: 'link-into-configuration',
    description: 'makes a symbolic link below /etc',
    where: 'any',
    needs: { root: true },
    rules: [],
    ownRules: ['File below /etc written'],
    leaves: ({ marker }) => [`/etc/wasprey-${marker}`],
    steps: ({ directory, marker }) => [['symlinkat', str(directory), AT_FDCWD, str(`/etc/wasprey-${marker}`)]],
  },
  {
    name: 'add-system-program',
    description: 'makes a file in /usr/bin',
    where: 'any',
    needs: { root: true },
    rules: [],
    ownRules: ['System program changed'],
    leaves: ({ marker }) => [`/usr/bin/wasprey-${marker}`],
    steps: ({ marker }) => create(`/usr/bin/wasprey-${marker}`),
  },
  {
    name: 'install-package',
    description: 'runs a program called apt-get with the command to install a package',
    where: 'container',
    rules: [],
    ownRules: ['Package management in container'],
    steps: ({ directory, marker }) => [pretend(directory, 'apt-get', 'install', '--yes', marker)],
  },
  {
    name: 'start-shell-in-container',
    description: 'runs sh from a program that normally starts no shells',
    where: 'container',
    rules: [],
    ownRules: ['Shell spawned in container'],
    steps: ({ marker }) => [spawn('sh', '-c', `: ${marker}`)],
  },
  {
    name: 'connect-from-shell',
    description: `connects to ${OUTSIDE} port 4444, from a process called bash`,
    where: 'any',
    rules: [],
    ownRules: ['Outbound connection of a shell'],
    steps: ({ directory }) => [become(directory, 'bash'), ...connectTo(OUTSIDE, 4444)],
  },
];
