// Actions with tools that containers rarely need: programs that fetch, send, install, scan and mount.

import type { Action } from './action.ts';
import { runs } from './pretended.ts';
import { become, create, read } from './steps.ts';

export const CONTAINER_TOOL_ACTIONS: readonly Action[] = [
  {
    name: 'run-remote-copy',
    description: 'runs a program called scp',
    where: 'container',
    rules: ['Launch Remote File Copy Tools in Container'],
    ...runs('scp'),
  },
  {
    name: 'run-download',
    description: 'runs a program called wget',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    ...runs('wget'),
  },
  {
    name: 'run-download-to-file',
    description: 'runs a program called curl with the option to write a file',
    where: 'container',
    rules: ['Launch Ingress Remote File Copy Tools in Container'],
    ...runs('curl', '-o', 'file'),
  },
  {
    name: 'run-package-manager',
    description: 'runs a program called apt-get',
    where: 'container',
    rules: ['Launch Package Management Process in Container'],
    ...runs('apt-get', '--version'),
  },
  {
    name: 'run-network-tool-in-container',
    description: 'runs a program called nmap',
    where: 'container',
    rules: ['Launch Suspicious Network Tool in Container'],
    ...runs('nmap'),
  },
  {
    name: 'run-network-tool-on-host',
    description: 'runs a program called tcpdump',
    where: 'host',
    rules: ['Launch Suspicious Network Tool on Host'],
    ...runs('tcpdump'),
  },
  {
    name: 'run-mount',
    description: 'runs a program called mount, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Mount Launched in Privileged Container'],
    ...runs('mount', '-o'),
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
