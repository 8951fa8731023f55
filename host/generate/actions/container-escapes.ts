// Ways out of containers, to the files, disks and kernel of the host.

import type { Action, Behaviour, Scene } from './action.ts';
import { O } from './numbers.ts';
import { create, makeDirectory, open, pretend, read, str } from './steps.ts';

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
