// What comes close to the actions of host/generate/actions/privileges.ts.

import { CLONE_NEWNS, CLONE_NEWPID } from '../../host/generate/actions/numbers.ts';
import { BPF_PROG_LOAD, DAEMON, ENTER_NAMESPACE } from '../../host/generate/actions/privileges.ts';
import { become, create, pretend, read, spawn } from '../../host/generate/actions/steps.ts';
import type { NearMisses } from './near-miss.ts';

const BPF_MAP_CREATE = 0;

const WWW_DATA = 33;

export const PRIVILEGE_NEAR_MISSES: NearMisses = {
  'enter-namespace': [
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
  'unshare-without-privileges': [
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
  'start-privileged-container': [
    { what: 'a further process', steps: ({ directory }) => [['@fork'], become(directory, 'init')] },
    {
      what: 'outside of containers',
      where: 'host',
      needs: { root: true, capabilities: ['SYS_ADMIN'] },
      steps: ({ directory }) => [['unshare', CLONE_NEWPID], ['@fork'], become(directory, 'init')],
    },
  ],
  'set-user-without-sudo': [
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
  'manage-users': [
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
  'set-glibc-tunables': [
    { what: 'another variable', steps: ({ marker }) => [['@env', 'GLIBC_VERSION=2'], spawn('true', marker)] },
    { what: 'as an argument', steps: ({ marker }) => [spawn('true', 'GLIBC_TUNABLES=', marker)] },
  ],
  'set-http-proxy': [
    { what: 'without it', steps: ({ directory, marker }) => [pretend(directory, 'curl', marker)] },
    {
      what: 'another program',
      steps: ({ marker }) => [['@env', 'HTTP_PROXY=http://127.0.0.1:9'], spawn('true', marker)],
    },
  ],
  'load-bpf-program': [
    { what: 'a map', steps: () => [['bpf', BPF_MAP_CREATE, 'null', 0]], mayBeRefused: true },
    {
      what: 'by bpftool',
      steps: ({ directory }) => [become(directory, 'bpftool'), ['bpf', BPF_PROG_LOAD, 'null', 0]],
      mayBeRefused: true,
    },
  ],
  'load-backdoored-library': [
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
};
