// Actions in containers: ways out of them, what is new in them, and how they are started.

import type { Action, Behaviour, Scene } from './action.ts';
import { AT_FDCWD, CLONE_NEWPID, O } from './numbers.ts';
import { become, create, makeDirectory, open, read, type Step, str } from './steps.ts';

const PRIVILEGED = { privileged: true } as const;
/** Out of the way of the descriptors that a process has anyway. */
const DESCRIPTOR = 100;

/** Makes a file and opens it again by its descriptor, which is how a container's first program is reached from within. */
export function openOwnDescriptor(flags: number): Behaviour {
  return {
    steps: ({ directory }) => [
      open(`${directory}/file`, O.WRONLY | O.CREAT),
      ['dup3', 'r', DESCRIPTOR, 0],
      open(`/proc/self/fd/${DESCRIPTOR}`, flags),
    ],
  };
}

/** The root directory becomes the action's own, where the path may be what it likes. */
export function readInOwnRoot(folder: string): Behaviour {
  return {
    steps: ({ directory }) => [
      makeDirectory(`${directory}/${folder}`),
      ...create(`${directory}/${folder}/file`),
      ['chroot', str(directory)],
      read(`/${folder}/file`),
    ],
  };
}

export function writeInDev(start: string): Behaviour {
  const path = ({ marker }: Scene): string => `/dev/${start}wasprey-${marker}`;
  return { steps: (scene) => create(path(scene)), leaves: (scene) => [path(scene)] };
}

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
export const CONTAINER_ESCAPE_ACTIONS: readonly Action[] = [
  {
    name: 'write-to-own-descriptor',
    description: 'opens a file for writing by /proc/self/fd',
    where: 'container',
    rules: ['Modify Container Entrypoint'],
    ...openOwnDescriptor(O.WRONLY),
  },
  {
    name: 'open-disk',
    description: 'makes a file that is called as a disk is, in /dev',
    where: 'container',
    needs: { root: true },
    rules: ['Privileged Container Device Access'],
    ...writeInDev('sd'),
  },
  {
    name: 'read-files-of-host',
    description:
      "reads a file in /host, where a machine's files are often mounted; it makes its own folder the root directory for that",
    where: 'container',
    needs: { capabilities: ['SYS_CHROOT'] },
    rules: ['Container Access to Host Sensitive Paths'],
    ...readInOwnRoot('host'),
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
