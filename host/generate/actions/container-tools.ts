// Actions with tools that containers rarely need: programs that fetch, send, install, scan and mount.

import type { Action } from './action.ts';
import { become, create, pretend, read } from './steps.ts';

/** A program of that name, which does nothing. */
export function runs(program: string, ...words: readonly string[]): Action['steps'] {
  return ({ directory, marker }) => [pretend(directory, program, ...words, marker)];
}

export const CONTAINER_TOOL_ACTIONS: readonly Action[] = [
  {
    name: 'run-remote-copy',
    description: 'runs a program called scp',
    where: 'container',
    rules: ['Launch Remote File Copy Tools in Container'],
    steps: runs('scp'),
  },
  {
    name: 'run-download',
    description: 'runs a program called wget',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    steps: runs('wget'),
  },
  {
    name: 'run-download-to-file',
    description: 'runs a program called curl with the option to write a file',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    steps: runs('curl', '-o', 'file'),
  },
  {
    name: 'run-package-manager',
    description: 'runs a program called apt-get',
    where: 'container',
    rules: ['Launch Package Management Process in Container'],
    steps: runs('apt-get', '--version'),
  },
  {
    name: 'run-network-tool-in-container',
    description: 'runs a program called nmap',
    where: 'container',
    rules: ['Launch Suspicious Network Tool in Container'],
    steps: runs('nmap'),
  },
  {
    name: 'run-network-tool-on-host',
    description: 'runs a program called tcpdump',
    where: 'host',
    rules: ['Launch Suspicious Network Tool on Host'],
    steps: runs('tcpdump'),
  },
  {
    name: 'run-mount',
    description: 'runs a program called mount, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Mount Launched in Privileged Container'],
    steps: runs('mount', '-o'),
  },
  {
    name: 'read-environment',
    description: 'reads its own environment, in /proc',
    where: 'container',
    rules: ['Read environment variable from /proc files'],
    steps: () => [read('/proc/self/environ')],
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
  },
];
