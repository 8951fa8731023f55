// Actions with users, namespaces, environments and what else gives a process more than it has.

import type { Action } from './action.ts';
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS } from './numbers.ts';
import { become, create, pretend, read, type Step, spawn } from './steps.ts';

export const BPF_PROG_LOAD = 5;

/** Users of Debian, by their numbers. */
export const DAEMON = 1;
/** Goes into the namespace that it is in, which the kernel may refuse. */
export const ENTER_NAMESPACE: readonly Step[] = [read('/proc/self/ns/uts'), ['setns', 'r', CLONE_NEWUTS]];

export const PRIVILEGE_ACTIONS: readonly Action[] = [
  {
    name: 'enter-namespace',
    description: 'enters the UTS namespace that it is in, by setns',
    where: 'any',
    rules: ['Change thread namespace'],
    steps: () => ENTER_NAMESPACE,
  },
  {
    name: 'unshare-without-privileges',
    description: 'asks for a mount namespace of its own, without CAP_SYS_ADMIN',
    where: 'container',
    rules: ['Change namespace privileges via unshare'],
    steps: () => [['unshare', CLONE_NEWNS]],
  },
  {
    name: 'start-privileged-container',
    description: 'runs a program as the first process of a pid namespace, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Launch Privileged Container', 'Launch Excessively Capable Container'],
    steps: ({ directory }) => [['unshare', CLONE_NEWPID], ['@fork'], become(directory, 'init')],
  },
  {
    name: 'set-user-without-sudo',
    description: 'asks to be root, as user daemon',
    where: 'host',
    needs: { root: true },
    rules: ['Non sudo setuid'],
    steps: () => [
      ['@user', DAEMON],
      ['setuid', 0],
    ],
  },
  {
    name: 'manage-users',
    description: 'runs a program called useradd',
    where: 'host',
    rules: ['User mgmt binaries'],
    steps: ({ directory, marker }) => [pretend(directory, 'useradd', marker)],
  },
  {
    name: 'set-glibc-tunables',
    description: 'runs true with GLIBC_TUNABLES in its environment',
    where: 'any',
    rules: ['Potential Local Privilege Escalation via Environment Variables Misuse'],
    steps: ({ marker }) => [['@env', 'GLIBC_TUNABLES=glibc.malloc.check=0'], spawn('true', marker)],
  },
  {
    name: 'set-http-proxy',
    description: 'runs a program called curl with HTTP_PROXY in its environment',
    where: 'any',
    rules: ['Program run with disallowed http proxy env'],
    steps: ({ directory, marker }) => [['@env', 'HTTP_PROXY=http://127.0.0.1:9'], pretend(directory, 'curl', marker)],
  },
  {
    name: 'load-bpf-program',
    description: 'asks the kernel to load a BPF program, and gives it none',
    where: 'any',
    rules: ['BPF Program Not Profiled'],
    steps: () => [['bpf', BPF_PROG_LOAD, 'null', 0]],
  },
  {
    name: 'load-backdoored-library',
    description: 'opens a file called liblzma.so.5.6.1 of its own, from a process called sshd',
    where: 'any',
    rules: ['Backdoored library loaded into SSHD (CVE-2024-3094)'],
    steps: ({ directory }) => [
      ...create(`${directory}/liblzma.so.5.6.1`),
      become(directory, 'sshd'),
      read(`${directory}/liblzma.so.5.6.1`),
    ],
  },
];
