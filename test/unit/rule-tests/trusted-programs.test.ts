// Programs that the shipped rules trust, and others that are called so: evaluated on events that are given by their fields.

import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { wasprey } from '../../support/command-line.ts';
import { makeDirectory } from '../../support/directory.ts';

type Event = Readonly<Record<string, string | number | boolean>>;

const READ = {
  'evt.type': 'openat',
  'evt.is_open_read': true,
  'fd.num': 3,
  'fd.typechar': 'f',
  'fd.name': '/etc/shadow',
  'fd.realpath': '/etc/shadow',
  'container.id': 'host',
  'proc.name': 'sshd',
  'proc.exepath': '/usr/sbin/sshd',
  'proc.is_exe_upper_layer': false,
};
const SCRIPT = {
  ...READ,
  'proc.name': 'adduser',
  'proc.exepath': '/usr/bin/perl',
  'proc.args': '-T /usr/sbin/adduser someone',
};
const BELOW = { ...READ, 'proc.name': 'cat', 'proc.exepath': '/usr/bin/cat', 'proc.aexepath[2]': '/usr/bin/apt-get' };
const WRITE = {
  'evt.type': 'openat',
  'evt.is_open_write': true,
  'evt.rawres': 3,
  'fd.num': 3,
  'fd.typechar': 'f',
  'fd.name': '/etc/hosts',
  'container.id': '0123456789ab',
  'proc.name': 'runc',
  'proc.exepath': '/usr/bin/runc',
  'proc.is_exe_upper_layer': false,
};
const MODULE = {
  'evt.type': 'finit_module',
  'container.id': 'host',
  'proc.name': 'modprobe',
  'proc.exepath': '/usr/bin/kmod',
  'proc.ppid': 700,
  'proc.pname': 'iptables',
  'proc.pexepath': '/usr/sbin/xtables-nft-multi',
  'proc.is_exe_upper_layer': false,
};
const KERNEL_STARTS = {
  'evt.type': 'execve',
  'evt.rawres': 0,
  'container.id': 'host',
  'proc.name': 'modprobe',
  'proc.exepath': '/usr/bin/kmod',
  'proc.ppid': 77,
  'proc.apid[2]': 2,
  'proc.pname': 'kworker/u8:1',
  'proc.is_exe_upper_layer': false,
};
const SETS = {
  'evt.type': 'openat',
  'evt.is_open_write': true,
  'evt.rawres': 3,
  'fd.num': 3,
  'fd.typechar': 'f',
  'fd.name': '/proc/sys/kernel/core_pattern',
  'container.id': 'host',
  'proc.name': 'systemd-sysctl',
  'proc.exepath': '/usr/lib/systemd/systemd-sysctl',
  'proc.is_exe_upper_layer': false,
};
const SHELL = {
  'evt.type': 'execve',
  'evt.rawres': 0,
  'container.id': '0123456789ab',
  'proc.name': 'sh',
  'proc.exepath': '/usr/bin/dash',
  'proc.vpid': 20,
  'proc.pname': 'make',
  'proc.pexepath': '/usr/bin/make',
  'proc.tty': 0,
};

const FIRST: Event = { ...SHELL, 'proc.vpid': 1, 'proc.pname': 'shim', 'proc.pexepath': '/srv/shim' };

/** With one variable among others. */
function environment(name: string, value: string): Event {
  return { [`proc.env[${name}]`]: value, 'proc.env': `A=b ${name}=${value}` };
}

/** Its name, the event, and the rule that reports it. */
const CASES: readonly (readonly [name: string, event: Event, rule?: string])[] = [
  ['sshd', READ],
  ['a link to cat that is called sshd', { ...READ, 'proc.exepath': '/usr/bin/cat' }, 'Sensitive file read'],
  [
    'a link to a program whose name begins so',
    { ...READ, 'proc.name': 'su', 'proc.exepath': '/usr/bin/sum' },
    'Sensitive file read',
  ],
  ['a copy of cat that is called sshd', { ...READ, 'proc.exepath': '/tmp/sshd' }, 'Sensitive file read'],
  [
    'a copy of cat over sshd, in a container',
    { ...READ, 'container.id': '0123456789ab', 'proc.is_exe_upper_layer': true },
    'Sensitive file read',
  ],
  [
    'a program with a long name',
    { ...READ, 'proc.name': 'polkit-agent-he', 'proc.exepath': '/usr/lib/polkit-1/polkit-agent-helper-1' },
  ],
  [
    'a copy below /usr where nobody looks',
    { ...READ, 'proc.exepath': '/usr/share/planted/sshd' },
    'Sensitive file read',
  ],
  ['a copy beside the libraries', { ...READ, 'proc.exepath': '/usr/lib/sshd' }, 'Sensitive file read'],
  [
    'a copy on a mount that is mounted nowhere',
    { ...READ, 'proc.exepath': '(unreachable)/usr/sbin/sshd' },
    'Sensitive file read',
  ],
  ['sshd-session', { ...READ, 'proc.name': 'sshd-session', 'proc.exepath': '/usr/lib/openssh/sshd-session' }],
  ['sssd_be', { ...READ, 'proc.name': 'sssd_be', 'proc.exepath': '/usr/libexec/sssd/sssd_be' }],
  [
    'sshd to which the loader adds code',
    { ...READ, ...environment('LD_PRELOAD', '/srv/added.so') },
    'Sensitive file read',
  ],
  [
    'sshd to which the loader adds code by the second of two variables',
    {
      ...READ,
      'proc.env[LD_PRELOAD]': '/usr/lib/own.so',
      'proc.env': 'A=b LD_PRELOAD=/usr/lib/own.so LD_PRELOAD=/srv/added.so',
    },
    'Sensitive file read',
  ],
  ...['/usr/lib/own.so:./added.so', '/usr/lib/own.so added.so', '/usr/lib/own.so\tadded/a.so'].map(
    (libraries) =>
      [
        `sshd to which the loader adds ${JSON.stringify(libraries)}`,
        { ...READ, ...environment('LD_PRELOAD', libraries) },
        'Sensitive file read',
      ] as const,
  ),
  ...['.', '/usr/lib:', '/usr/lib:own/lib', '/tmp/lib'].map(
    (folders) =>
      [
        `sshd whose libraries are looked for in ${folders}`,
        { ...READ, ...environment('LD_LIBRARY_PATH', folders) },
        'Sensitive file read',
      ] as const,
  ),
  [
    'sshd whose libraries are looked for in two of its own',
    { ...READ, ...environment('LD_LIBRARY_PATH', '/opt/a/lib:/opt/b/lib') },
  ],
  ['sshd with a library of the system', { ...READ, ...environment('LD_PRELOAD', 'libeatmydata.so') }],
  ['an applet of busybox', { ...READ, 'proc.name': 'su', 'proc.exepath': '/bin/busybox', 'proc.exe': 'su' }],
  [
    'another applet of busybox, by a link that is called su',
    { ...READ, 'proc.name': 'su', 'proc.exepath': '/bin/busybox', 'proc.exe': 'cat' },
    'Sensitive file read',
  ],
  ['a script of the system', SCRIPT],
  ['a script of that name elsewhere', { ...SCRIPT, 'proc.args': '/tmp/adduser' }, 'Sensitive file read'],
  [
    'a script of that name below /usr where nobody looks',
    { ...SCRIPT, 'proc.args': '/usr/share/planted/adduser' },
    'Sensitive file read',
  ],
  [
    'another script of the system, by a link to its interpreter that is called adduser',
    { ...SCRIPT, 'proc.args': '/usr/bin/prove /usr/sbin/adduser' },
    'Sensitive file read',
  ],
  [
    'a one-line program that begins like the path of the script',
    { ...SCRIPT, 'proc.args': '-e /usr/sbin/adduser/;exec' },
    'Sensitive file read',
  ],
  [
    'a script of a shell, with an option',
    { ...SCRIPT, 'proc.name': 'vigr', 'proc.exepath': '/usr/bin/dash', 'proc.args': '-e /usr/sbin/vigr' },
  ],
  [
    'a way out of the folders of the system',
    { ...SCRIPT, 'proc.args': '/usr/sbin/../../tmp/adduser' },
    'Sensitive file read',
  ],
  [
    'a one-line program that begins like a path',
    { ...SCRIPT, 'proc.args': "-e /usr/; open F, '/etc/shadow'" },
    'Sensitive file read',
  ],
  [
    'another folder of modules, and a script elsewhere',
    { ...SCRIPT, 'proc.args': '-I /usr/ /tmp/adduser' },
    'Sensitive file read',
  ],
  [
    'a shell that reads its commands',
    { ...SCRIPT, 'proc.exepath': '/usr/bin/bash', 'proc.args': '-s /usr/sbin/adduser' },
    'Sensitive file read',
  ],
  [
    'cloud-init',
    {
      ...SCRIPT,
      'proc.name': 'cloud-init',
      'proc.exepath': '/usr/bin/python3.11',
      'proc.args': '/usr/bin/cloud-init init',
    },
  ],
  ['below apt-get', BELOW],
  [
    'below a copy of bash that is called apt',
    { ...BELOW, 'proc.aexepath[2]': '/tmp/apt', 'proc.aname[2]': 'apt' },
    'Sensitive file read',
  ],
  [
    'dnf itself',
    {
      ...SCRIPT,
      'proc.name': 'dnf',
      'proc.exepath': '/usr/libexec/platform-python3.6',
      'proc.args': '/usr/bin/dnf install httpd',
    },
  ],
  [
    'below dnf, which is a script',
    { ...BELOW, 'proc.aexepath[2]': '/usr/bin/python3.9', 'proc.acmdline[2]': 'dnf /usr/bin/dnf install httpd' },
  ],
  [
    'below a link to bash that is called dnf',
    { ...BELOW, 'proc.aexepath[2]': '/usr/bin/bash', 'proc.acmdline[2]': 'dnf -c cat /etc/shadow' },
    'Sensitive file read',
  ],
  [
    'a fork of apt-get to which the loader adds code',
    { ...BELOW, ...environment('LD_PRELOAD', '/srv/added.so') },
    'Sensitive file read',
  ],
  ['runc', WRITE],
  [
    'runc to which the loader adds code',
    { ...WRITE, ...environment('LD_PRELOAD', '/srv/a.so') },
    'File below /etc written',
  ],
  ['runc, of a copy in memory', { ...WRITE, 'proc.exepath': 'memfd:runc_cloned:/proc/self/exe' }],
  [
    'containerd of k3s',
    { ...WRITE, 'proc.name': 'containerd', 'proc.exepath': '/var/lib/rancher/k3s/data/current/bin/containerd' },
  ],
  ['a copy of tee that is called runc', { ...WRITE, 'proc.exepath': '/tmp/runc' }, 'File below /etc written'],
  [
    'the same where the container keeps its programs',
    { ...WRITE, 'proc.is_exe_upper_layer': true },
    'File below /etc written',
  ],
  ['a link to tee that is called runc', { ...WRITE, 'proc.exepath': '/usr/bin/tee' }, 'File below /etc written'],
  [
    'a program in memory that is called so, and that no runtime has started',
    {
      'evt.type': 'execve',
      'evt.rawres': 0,
      'container.id': '0123456789ab',
      'proc.name': 'runc',
      'proc.is_exe_from_memfd': true,
      'proc.exepath': 'memfd:runc_cloned:/proc/self/exe',
      'proc.pname': 'runc',
      'proc.pexepath': '/tmp/runc',
    },
    'Program run from memory',
  ],
  ['modprobe for iptables', MODULE],
  [
    'modprobe for the kernel, whose worker starts it',
    { ...MODULE, 'proc.ppid': 77, 'proc.apid[2]': 2, 'proc.pname': 'kworker/u8:1', 'proc.pexepath': '' },
  ],
  ['modprobe for the kernel, before the agent', { ...MODULE, 'proc.ppid': 2, 'proc.pname': 'kthreadd' }],
  ['modprobe that the kernel starts', KERNEL_STARTS],
  [
    'a program of that name that the kernel starts elsewhere',
    { ...KERNEL_STARTS, 'proc.exepath': '/tmp/modprobe' },
    'Unexpected program started by the kernel',
  ],
  [
    'a shell that the kernel starts',
    { ...KERNEL_STARTS, 'proc.name': 'sh', 'proc.exepath': '/usr/bin/dash' },
    'Unexpected program started by the kernel',
  ],
  ['what such a program starts', { ...KERNEL_STARTS, 'proc.apid[2]': 77, 'proc.exepath': '/tmp/modprobe' }],
  ['systemd-sysctl at boot', SETS],
  [
    'apport, a script',
    {
      ...SETS,
      'proc.name': 'apport',
      'proc.exepath': '/usr/bin/python3.12',
      'proc.args': '/usr/share/apport/apport --start',
    },
  ],
  [
    'apport that lies elsewhere',
    { ...SETS, 'proc.name': 'apport', 'proc.exepath': '/usr/bin/python3.12', 'proc.args': '/tmp/apport --start' },
    'Program set for the kernel to start',
  ],
  [
    'sysctl by hand',
    { ...SETS, 'proc.name': 'sysctl', 'proc.exepath': '/usr/sbin/sysctl' },
    'Program set for the kernel to start',
  ],
  ['systemd-sysctl in a container', { ...SETS, 'container.id': '0123456789ab' }, 'Program set for the kernel to start'],
  [
    'modprobe for ufw, which is a script',
    {
      ...MODULE,
      'proc.pname': 'ufw',
      'proc.pexepath': '/usr/bin/python3.11',
      'proc.pcmdline': 'ufw /usr/sbin/ufw enable',
    },
  ],
  [
    'modprobe for a shell that is called mount',
    { ...MODULE, 'proc.pname': 'mount', 'proc.pexepath': '/usr/bin/bash', 'proc.pcmdline': 'mount -c modprobe evil' },
    'Kernel module loaded',
  ],
  [
    "modprobe for a process that is called as the kernel's is",
    { ...MODULE, 'proc.pname': 'kthreadd', 'proc.pexepath': '/tmp/kthreadd' },
    'Kernel module loaded',
  ],
  ['a shell below make', SHELL],
  [
    'a shell by a link of another name, below a server',
    { ...SHELL, 'proc.name': 'innocent', 'proc.pname': 'httpd', 'proc.pexepath': '/usr/sbin/httpd' },
    'Shell spawned in container',
  ],
  ...['-s innocent', '-c innocent=1', '-s /innocent', '-es /innocent', 'innocent'].map(
    (words) =>
      [
        `a shell by a link of another name, with ${words}`,
        {
          ...SHELL,
          'proc.name': 'innocent',
          'proc.args': words,
          'proc.pname': 'httpd',
          'proc.pexepath': '/usr/sbin/httpd',
        },
        'Shell spawned in container',
      ] as const,
  ),
  [
    'a script of a shell, below a server',
    {
      ...SHELL,
      'proc.name': 'hook.sh',
      'proc.args': '-e /srv/hook.sh',
      'proc.pname': 'httpd',
      'proc.pexepath': '/usr/sbin/httpd',
    },
  ],
  [
    'a shell that the runtime starts',
    { ...SHELL, 'proc.pname': 'containerd-shim', 'proc.pexepath': '/usr/local/bin/containerd-shim-runc-v2' },
  ],
  [
    'a shell below a link to python that is called make',
    { ...SHELL, 'proc.pexepath': '/usr/bin/python3.11' },
    'Shell spawned in container',
  ],
  ['the first program of a container', { ...FIRST, 'proc.ppid': 300, 'proc.pvpid': 300 }],
  [
    'the first program of a PID namespace that a program of the container has made',
    { ...FIRST, 'proc.ppid': 300, 'proc.pvpid': 7 },
    'Shell spawned in container',
  ],
  [
    'a shell below a program that is called runc',
    { ...SHELL, 'proc.pname': 'runc', 'proc.pexepath': '/tmp/runc' },
    'Shell spawned in container',
  ],
];

/** The event with its first two arguments by themselves. */
function withArguments(event: Event): Event {
  const [first, second] = String(event['proc.args'] ?? '').split(' ');
  return {
    ...event,
    ...(first ? { 'proc.args[0]': first } : {}),
    ...(second ? { 'proc.args[1]': second } : {}),
  };
}

test('the shipped rules trust executables, not names', () => {
  const directory = makeDirectory();
  try {
    const folder = join(PROJECT, 'rules');
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    const tests = {
      rules: files.sort().map((name) => join(folder, name)),
      tests: CASES.map(([name, event, rule]) => ({
        name,
        event: withArguments(event),
        expect: rule === undefined ? 'none' : [rule],
      })),
    };
    const file = `${directory.path}/tests.yaml`;
    writeFileSync(file, JSON.stringify(tests));
    const { status, stdout, stderr } = wasprey('test', '--quiet', file);
    assert.equal(status, 0, `${stdout}${stderr}`);
  } finally {
    directory.remove();
  }
});
