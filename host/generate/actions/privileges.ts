// Actions with users, namespaces, environments and what else gives a process more than it has.

import type { Action } from './action.ts';
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS } from './numbers.ts';
import { become, create, pretend, read, type Step, spawn } from './steps.ts';

const BPF_MAP_CREATE = 0;
const BPF_PROG_LOAD = 5;

/** Users of Debian, by their numbers. */
const DAEMON = 1;
const WWW_DATA = 33;

/** Goes into the namespace that it is in, which the kernel may refuse. */
const ENTER_NAMESPACE: readonly Step[] = [read('/proc/self/ns/uts'), ['setns', 'r', CLONE_NEWUTS]];

export const PRIVILEGE_ACTIONS: readonly Action[] = [
  {
    name: 'enter-namespace',
    description: 'enters the UTS namespace that it is in, by setns',
    where: 'any',
    rules: ['Change thread namespace'],
    steps: () => ENTER_NAMESPACE,
    nearMisses: [
      {
        what: 'by a container runtime',
        steps: ({ directory }) => [become(directory, 'runc:[1:CHILD]'), ...ENTER_NAMESPACE],
        mayBeRefused: true,
      },
      {
        what: 'by nsenter on the host',
        where: 'host',
        steps: ({ directory }) => [become(directory, 'nsenter'), ...ENTER_NAMESPACE],
        mayBeRefused: true,
      },
    ],
  },
  {
    name: 'unshare-without-privileges',
    description: 'asks for a mount namespace of its own, without CAP_SYS_ADMIN',
    where: 'container',
    rules: ['Change namespace privileges via unshare'],
    steps: () => [['unshare', CLONE_NEWNS]],
    nearMisses: [
      { what: 'with CAP_SYS_ADMIN', needs: { privileged: true }, steps: () => [['unshare', CLONE_NEWNS]] },
      {
        what: 'outside of containers',
        where: 'host',
        steps: () => [
          ['@user', DAEMON],
          ['unshare', CLONE_NEWNS],
        ],
        mayBeRefused: true,
      },
    ],
  },
  {
    name: 'start-privileged-container',
    description: 'runs a program as the first process of a pid namespace, in a privileged container',
    where: 'container',
    needs: { privileged: true },
    rules: ['Launch Privileged Container', 'Launch Excessively Capable Container'],
    steps: ({ directory }) => [['unshare', CLONE_NEWPID], ['@fork'], become(directory, 'init')],
    nearMisses: [
      { what: 'a further process', steps: ({ directory }) => [['@fork'], become(directory, 'init')] },
      {
        what: 'outside of containers',
        where: 'host',
        needs: { root: true, capabilities: ['SYS_ADMIN'] },
        steps: ({ directory }) => [['unshare', CLONE_NEWPID], ['@fork'], become(directory, 'init')],
      },
    ],
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
    nearMisses: [
      { what: 'as root', steps: () => [['setuid', 0]] },
      {
        what: 'as sudo',
        steps: ({ directory }) => [become(directory, 'sudo'), ['@user', DAEMON], ['setuid', 0]],
        mayBeRefused: true,
      },
      {
        what: 'a server that becomes who it is',
        steps: () => [
          ['@user', WWW_DATA],
          ['setuid', WWW_DATA],
        ],
      },
    ],
  },
  {
    name: 'manage-users',
    description: 'runs a program called useradd',
    where: 'host',
    rules: ['User mgmt binaries'],
    steps: ({ directory, marker }) => [pretend(directory, 'useradd', marker)],
    nearMisses: [
      {
        what: 'only asking for the state of a password',
        steps: ({ directory, marker }) => [pretend(directory, 'passwd', '-S', marker)],
      },
      {
        what: 'only listing when it expires',
        steps: ({ directory, marker }) => [pretend(directory, 'chage', '-l', marker)],
      },
      {
        what: 'by cron',
        steps: ({ directory, marker }) => [become(directory, 'cron'), pretend(directory, 'useradd', marker)],
      },
      {
        what: 'in a container',
        where: 'container',
        steps: ({ directory, marker }) => [pretend(directory, 'useradd', marker)],
      },
    ],
  },
  {
    name: 'set-glibc-tunables',
    description: 'runs true with GLIBC_TUNABLES in its environment',
    where: 'any',
    rules: ['Potential Local Privilege Escalation via Environment Variables Misuse'],
    steps: ({ marker }) => [['@env', 'GLIBC_TUNABLES=glibc.malloc.check=0'], spawn('true', marker)],
    nearMisses: [
      { what: 'another variable', steps: ({ marker }) => [['@env', 'GLIBC_VERSION=2'], spawn('true', marker)] },
      { what: 'as an argument', steps: ({ marker }) => [spawn('true', 'GLIBC_TUNABLES=', marker)] },
    ],
  },
  {
    name: 'set-http-proxy',
    description: 'runs a program called curl with HTTP_PROXY in its environment',
    where: 'any',
    rules: ['Program run with disallowed http proxy env'],
    steps: ({ directory, marker }) => [['@env', 'HTTP_PROXY=http://127.0.0.1:9'], pretend(directory, 'curl', marker)],
    nearMisses: [
      { what: 'without it', steps: ({ directory, marker }) => [pretend(directory, 'curl', marker)] },
      {
        what: 'another program',
        steps: ({ marker }) => [['@env', 'HTTP_PROXY=http://127.0.0.1:9'], spawn('true', marker)],
      },
    ],
  },
  {
    name: 'load-bpf-program',
    description: 'asks the kernel to load a BPF program, and gives it none',
    where: 'any',
    rules: ['BPF Program Not Profiled'],
    steps: () => [['bpf', BPF_PROG_LOAD, 'null', 0]],
    nearMisses: [
      { what: 'a map', steps: () => [['bpf', BPF_MAP_CREATE, 'null', 0]], mayBeRefused: true },
      {
        what: 'by bpftool',
        steps: ({ directory }) => [become(directory, 'bpftool'), ['bpf', BPF_PROG_LOAD, 'null', 0]],
        mayBeRefused: true,
      },
    ],
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
    nearMisses: [
      {
        what: 'another version',
        steps: ({ directory }) => [
          ...create(`${directory}/liblzma.so.5.6.2`),
          become(directory, 'sshd'),
          read(`${directory}/liblzma.so.5.6.2`),
        ],
      },
      {
        what: 'another program',
        steps: ({ directory }) => [...create(`${directory}/liblzma.so.5.6.1`), read(`${directory}/liblzma.so.5.6.1`)],
      },
    ],
  },
];
