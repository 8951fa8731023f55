// Actions with tools that containers rarely need: programs that fetch, send, install, scan and mount.

import type { Action, NearMiss } from './action.ts';
import { become, create, pretend, read, spawn } from './steps.ts';

/** A program of that name, which does nothing. */
function runs(program: string, ...words: readonly string[]): Action['steps'] {
  return ({ directory, marker }) => [pretend(directory, program, ...words, marker)];
}

function outside(program: string, ...words: readonly string[]): NearMiss {
  return { what: 'outside of containers', where: 'host', steps: runs(program, ...words) };
}

export const CONTAINER_TOOL_ACTIONS: readonly Action[] = [
  {
    name: 'run-remote-copy',
    description: 'runs a program called scp',
    where: 'container',
    rules: ['Launch Remote File Copy Tools in Container'],
    steps: runs('scp'),
    nearMisses: [{ what: 'a local copy', steps: runs('cp') }, outside('scp')],
  },
  {
    name: 'run-download',
    description: 'runs a program called wget',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    steps: runs('wget'),
    nearMisses: [{ what: 'curl that keeps nothing', steps: runs('curl', '-s') }, outside('wget')],
  },
  {
    name: 'run-download-to-file',
    description: 'runs a program called curl with the option to write a file',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    steps: runs('curl', '-o', 'file'),
    nearMisses: [{ what: 'curl that keeps nothing', steps: runs('curl', '-s') }, outside('curl', '-o', 'file')],
  },
  {
    name: 'run-package-manager',
    description: 'runs a program called apt-get',
    where: 'container',
    rules: ['Launch Package Management Process in Container'],
    steps: runs('apt-get', '--version'),
    nearMisses: [{ what: 'a compiler', steps: runs('cc', '--version') }, outside('apt-get', '--version')],
  },
  {
    name: 'run-network-tool-in-container',
    description: 'runs a program called nmap',
    where: 'container',
    rules: ['Launch Suspicious Network Tool in Container'],
    steps: runs('nmap'),
    nearMisses: [{ what: 'another tool', steps: runs('ip') }, outside('nmap')],
  },
  {
    name: 'run-network-tool-on-host',
    description: 'runs a program called tcpdump',
    where: 'host',
    rules: ['Launch Suspicious Network Tool on Host'],
    steps: runs('tcpdump'),
    nearMisses: [
      { what: 'another tool', steps: runs('ip') },
      { what: 'in a container', where: 'container', steps: runs('tcpdump') },
    ],
  },
  {
    name: 'run-mount',
    description: 'runs a program called mount, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Mount Launched in Privileged Container'],
    steps: runs('mount', '-o'),
    nearMisses: [
      { what: 'umount', steps: runs('umount') },
      { what: 'in a container that is not privileged', needs: {}, steps: runs('mount', '-o') },
      outside('mount', '-o'),
    ],
  },
  {
    name: 'read-environment',
    description: 'reads its own environment, in /proc',
    where: 'container',
    rules: ['Read environment variable from /proc files'],
    steps: () => [read('/proc/self/environ')],
    nearMisses: [
      { what: 'another file there', steps: () => [read('/proc/self/status')] },
      { what: 'outside of containers', where: 'host', steps: () => [read('/proc/self/environ')] },
    ],
  },
  {
    name: 'copy-out-of-container',
    description: 'reads a file of its own from a process called tar, which one called runc has started',
    where: 'container',
    rules: ['Exfiltrating Artifacts via Kubernetes Control Plane'],
    steps: ({ directory }) => [
      ...create(`${directory}/artifact`),
      become(directory, 'runc'),
      ['@fork'],
      become(directory, 'tar'),
      read(`${directory}/artifact`),
    ],
    nearMisses: [
      {
        what: 'started by a shell',
        steps: ({ directory }) => [
          ...create(`${directory}/artifact`),
          become(directory, 'sh'),
          ['@fork'],
          become(directory, 'tar'),
          read(`${directory}/artifact`),
        ],
      },
      {
        what: 'a file of the system',
        steps: ({ directory }) => [become(directory, 'runc'), ['@fork'], become(directory, 'tar'), read('/etc/passwd')],
      },
      {
        what: 'at a terminal',
        steps: ({ directory }) => [
          ...create(`${directory}/artifact`),
          become(directory, 'runc'),
          ['@terminal'],
          become(directory, 'tar'),
          read(`${directory}/artifact`),
        ],
      },
      {
        what: 'another program',
        steps: ({ directory }) => [...create(`${directory}/a`), spawn('cat', `${directory}/a`)],
      },
    ],
  },
];
