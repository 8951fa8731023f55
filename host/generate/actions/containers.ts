// Actions in containers: work by hand, and ways out of them.

import type { Action } from './action.ts';
import { become, create, list, pretend, spawn, str } from './steps.ts';

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
    nearMisses: [
      {
        what: 'without a terminal',
        steps: ({ directory, marker }) => [become(directory, 'runc'), spawn('sh', '-c', `: ${marker}`)],
      },
      {
        what: 'another program with a terminal',
        steps: ({ directory, marker }) => [become(directory, 'runc'), ['@terminal'], spawn('true', marker)],
      },
      {
        what: 'outside of containers',
        where: 'host',
        steps: ({ directory, marker }) => [become(directory, 'runc'), ['@terminal'], spawn('sh', '-c', `: ${marker}`)],
      },
    ],
  },
  {
    name: 'run-debugfs',
    description: 'runs a program called debugfs, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Debugfs Launched in Privileged Container'],
    steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
    nearMisses: [
      { what: 'another tool for disks', steps: ({ directory, marker }) => [pretend(directory, 'dumpe2fs', marker)] },
      {
        what: 'in a container that is not privileged',
        needs: {},
        steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
      },
      {
        what: 'outside of containers',
        where: 'host',
        steps: ({ directory, marker }) => [pretend(directory, 'debugfs', '-V', marker)],
      },
    ],
  },
  {
    name: 'write-release-agent',
    description: 'writes a file called release_agent, in a folder of its own',
    where: 'container',
    needs: { root: true, capabilities: ['SYS_ADMIN'] },
    rules: ['Detect release_agent File Container Escapes'],
    steps: ({ directory }) => create(`${directory}/release_agent`),
    nearMisses: [
      { what: 'another file', steps: ({ directory }) => create(`${directory}/notify_on_release`) },
      { what: 'without CAP_SYS_ADMIN', needs: {}, steps: ({ directory }) => create(`${directory}/release_agent`) },
      {
        what: 'outside of containers',
        where: 'host',
        needs: {},
        steps: ({ directory }) => create(`${directory}/release_agent`),
      },
    ],
  },
];
