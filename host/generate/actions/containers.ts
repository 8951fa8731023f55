// Actions in containers: work by hand, programs that are new in them, and how they are started.

import type { Action, Behaviour, Scene } from './action.ts';
import { AT_FDCWD, CLONE_NEWPID } from './numbers.ts';
import { become, create, list, type Step, str } from './steps.ts';

const PRIVILEGED = { privileged: true } as const;

export function changeMode(mode: number): Behaviour {
  return {
    steps: ({ directory }) => [...create(`${directory}/file`), ['fchmodat', AT_FDCWD, str(`${directory}/file`), mode]],
  };
}

export const createWith = (mode: number): Behaviour => ({
  steps: ({ directory }) => create(`${directory}/file`, 'no program\n', mode),
});

/** The first process of a pid namespace is what a container starts with. */
const firstProcess = ({ directory }: Scene): Step[] => [
  ['unshare', CLONE_NEWPID],
  ['@fork'],
  become(directory, 'init'),
];

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
    name: 'make-file-executable',
    description: 'makes a file and then makes it executable',
    where: 'container',
    rules: ['Container Drift Detected (chmod)'],
    ...changeMode(0o755),
  },
  {
    name: 'make-executable-file',
    description: 'makes a file that is executable',
    where: 'container',
    rules: ['Container Drift Detected (open+create)'],
    ...createWith(0o755),
  },
  {
    name: 'start-container-as-root',
    description: 'runs a program as the first process of a pid namespace, as root',
    where: 'container',
    needs: PRIVILEGED,
    rules: ['Container Run as Root User'],
    steps: firstProcess,
  },
  {
    name: 'start-container-with-mounts',
    description: "runs a program as the first process of a pid namespace, where the container's mounts are asked for",
    where: 'container',
    needs: PRIVILEGED,
    // A missing mount satisfies the rule too.
    rules: ['Launch Sensitive Mount Container'],
    steps: firstProcess,
  },
  {
    name: 'start-container-that-is-not-allowed',
    description: 'runs a program as the first process of a pid namespace, in a container that is not in a list',
    where: 'container',
    needs: PRIVILEGED,
    // By default its macro allows every container.
    rules: ['Launch Disallowed Container'],
    steps: firstProcess,
  },
];
