// Actions in containers: work by hand, and ways out of them.

import type { Action } from './action.ts';
import { become, create, list, pretend, str } from './steps.ts';

export const CONTAINER_ACTIONS: readonly Action[] = [
  {
    name: 'open-terminal-shell',
    description: 'runs sh with a terminal, from a process called runc as container runtimes do',
    where: 'container',
    rules: ['Terminal shell in container'],
    steps: ({ directory, marker }) => [
      become(directory, 'runc'),
      ['@terminal'],
      ['execve', str('/bin/sh'), list('sh', '-c', `: ${marker}`), 'null'],
    ],
  },
  {
    name: 'run-debugfs',
    description: 'runs a program called debugfs, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Debugfs Launched in Privileged Container'],
    steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
  },
  {
    name: 'write-release-agent',
    description: 'writes a file called release_agent, in a folder of its own',
    where: 'container',
    needs: { root: true, capabilities: ['SYS_ADMIN'] },
    rules: ['Detect release_agent File Container Escapes'],
    ownRules: ['Program set for the kernel to start'],
    steps: ({ directory }) => create(`${directory}/release_agent`),
  },
];
