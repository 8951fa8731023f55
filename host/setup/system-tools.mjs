// The programs and headers that set-up needs from the system, and the packages that have them: Debian's, and those of other families of
// distributions for what the build needs.
// They are looked for as files, not asked of dpkg, so that other systems and hand-made installations do as well.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './find-program.mjs';
import { SYSTEM_PATH } from './paths.mjs';

/** Families of distributions other than Debian's, each with package names of its own. @typedef {'fedora' | 'rhel' | 'amazon' | 'suse' | 'arch' | 'alpine'} Family */
/** @typedef {'build' | 'check' | 'release' | 'live-tests' | 'page-tests' | 'cluster-tests' | 'kernel-tests' | 'package-tests'} Purpose */

/**
 * @typedef {object} SystemTool
 * @property {string} name as messages say it
 * @property {string} [command] in PATH
 * @property {{ command: string, oldest: number }} [unversioned] a command that does as well from that major version on
 * @property {readonly string[]} [files] any of these
 * @property {string} package of Debian
 * @property {Readonly<Record<Family, string>>} [elsewhere] packages of other families, with spaces between them
 * @property {readonly Purpose[]} purposes
 */

/** @param {string} name of a package that most families call so */
const same = (name) => ({ fedora: name, rhel: name, amazon: name, suse: name, arch: name, alpine: name });

/**
 * A command, and the package of Debian that has it.
 * @param {string} command
 * @param {string} inPackage
 * @param {readonly Purpose[]} purposes
 * @returns {SystemTool}
 */
const tool = (command, inPackage, ...purposes) => ({ name: command, command, package: inPackage, purposes });

/** @type {readonly SystemTool[]} */
export const SYSTEM_TOOLS = [
  { ...tool('make', 'make', 'build', 'check'), elsewhere: same('make') },
  {
    // 19 is the first with __typeof_unqual__, which the BPF sources use (17 and 18 were tried, and 22). A C++ library comes with Debian's.
    ...tool('clang-19', 'clang-19', 'build'),
    name: 'clang 19 or newer',
    unversioned: { command: 'clang', oldest: 19 },
    elsewhere: { ...same('clang gcc-c++'), amazon: 'clang19 gcc-c++', arch: 'clang', alpine: 'clang g++' },
  },
  { ...tool('bpftool', 'bpftool', 'build'), elsewhere: { ...same('bpftool'), arch: 'bpf' } },
  {
    name: 'libbpf headers',
    files: ['/usr/include/bpf/libbpf.h'],
    package: 'libbpf-dev',
    elsewhere: { ...same('libbpf-devel'), arch: 'libbpf', alpine: 'libbpf-dev' },
    purposes: ['build'],
  },
  {
    name: 'static C library',
    files: [
      '/usr/lib/x86_64-linux-gnu/libc.a',
      '/usr/lib/aarch64-linux-gnu/libc.a',
      '/usr/lib64/libc.a',
      '/usr/lib/libc.a',
    ],
    package: 'libc6-dev',
    elsewhere: { ...same('glibc-static'), suse: 'glibc-devel-static', arch: 'glibc', alpine: 'musl-dev' },
    purposes: ['build'],
  },
  // Each version formats in its own way.
  tool('clang-format-19', 'clang-format-19', 'check'),
  { name: 'lld 19', files: ['/usr/lib/llvm-19/bin/ld.lld'], package: 'lld-19', purposes: ['release'] },
  tool('patchelf', 'patchelf', 'release'),
  tool('x86_64-linux-gnu-strip', 'binutils-x86-64-linux-gnu', 'release'),
  tool('aarch64-linux-gnu-strip', 'binutils-aarch64-linux-gnu', 'release'),
  tool('dpkg-source', 'dpkg-dev', 'release', 'cluster-tests'),

  tool('mount', 'mount', 'live-tests', 'package-tests'),
  tool('runc', 'runc', 'live-tests'),
  { name: '/etc/shadow', files: ['/etc/shadow'], package: 'passwd', purposes: ['live-tests'] },
  tool('busybox', 'busybox-static', 'live-tests'),
  tool('curl', 'curl', 'live-tests'),
  tool('jq', 'jq', 'live-tests'),
  tool('docker-registry', 'docker-registry', 'live-tests'),
  tool('oras', 'oras', 'live-tests'),
  tool('cosign', 'cosign', 'live-tests'),
  tool('prometheus', 'prometheus', 'live-tests'),
  tool('rsyslogd', 'rsyslog', 'live-tests'),
  tool('script', 'bsdutils', 'live-tests'),
  tool('bash', 'bash', 'live-tests'),
  tool('zsh', 'zsh', 'live-tests'),
  tool('fish', 'fish', 'live-tests'),
  tool('mandoc', 'mandoc', 'live-tests'),
  tool('groff', 'groff-base', 'live-tests'),
  tool('systemd-analyze', 'systemd', 'live-tests', 'package-tests'),
  tool('mkfs.ext4', 'e2fsprogs', 'live-tests'),
  tool('gcc', 'gcc', 'live-tests'),
  tool('vim.tiny', 'vim-tiny', 'live-tests'),
  tool('ssh-keygen', 'openssh-client', 'live-tests'),
  tool('useradd', 'passwd', 'live-tests'),
  tool('login', 'login', 'live-tests'),
  tool('python3', 'python3', 'live-tests'),
  {
    name: "Falco's libs",
    files: ['/usr/include/falcosecurity/libsinsp/sinsp.h'],
    package: 'libfalcosecurity0-dev',
    purposes: ['live-tests'],
  },
  { name: 'uthash', files: ['/usr/include/uthash.h'], package: 'uthash-dev', purposes: ['live-tests'] },

  tool('chromium', 'chromium', 'page-tests'),

  tool('go', 'golang-go', 'cluster-tests'),
  tool('etcd', 'etcd-server', 'cluster-tests'),
  tool('kubectl', 'kubernetes-client', 'cluster-tests'),
  tool('containerd', 'containerd', 'cluster-tests'),
  {
    name: 'CNI plugins',
    files: ['/usr/lib/cni/bridge'],
    package: 'containernetworking-plugins',
    purposes: ['cluster-tests'],
  },
  tool('ip', 'iproute2', 'live-tests', 'cluster-tests'),
  tool('iptables', 'iptables', 'live-tests', 'cluster-tests'),
  tool('conntrack', 'conntrack', 'cluster-tests'),
  tool('catatonit', 'catatonit', 'cluster-tests'),
  tool('unzip', 'unzip', 'cluster-tests'),
  tool('openssl', 'openssl', 'live-tests', 'cluster-tests'),

  tool('qemu-system-x86_64', 'qemu-system-x86', 'kernel-tests'),
  tool('qemu-system-aarch64', 'qemu-system-arm', 'kernel-tests'),
  tool('cpio', 'cpio', 'kernel-tests'),
  tool('depmod', 'kmod', 'kernel-tests'),
  tool('mke2fs', 'e2fsprogs', 'kernel-tests'),
  tool('mmdebstrap', 'mmdebstrap', 'live-tests', 'kernel-tests', 'package-tests'),
  tool('xz', 'xz-utils', 'kernel-tests'),
  tool('lintian', 'lintian', 'package-tests'),
];

/**
 * @param {readonly Purpose[]} wanted
 * @param {{ hasCommand: typeof hasCommand, hasFile: (path: string) => boolean, majorVersion: typeof majorVersion }} [system]
 * @returns {SystemTool[]} those that are missing
 */
export function missingTools(wanted, system = { hasCommand, hasFile: existsSync, majorVersion }) {
  return SYSTEM_TOOLS.filter(
    ({ purposes, command, unversioned, files = [] }) =>
      purposes.some((purpose) => wanted.includes(purpose)) &&
      !(command !== undefined && system.hasCommand(command)) &&
      !(unversioned && system.majorVersion(unversioned.command) >= unversioned.oldest) &&
      !files.some((path) => system.hasFile(path)),
  );
}

/** @param {string} name */
export function hasCommand(name) {
  return findProgram(name, SYSTEM_PATH) !== undefined;
}

/**
 * @param {string} command
 * @returns {number} as `command --version` says; 0 if it does not say
 */
function majorVersion(command) {
  const environment = { ...process.env, PATH: SYSTEM_PATH };
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8', env: environment });
  return Number(/ version (\d+)\./.exec(stdout ?? '')?.[1] ?? 0);
}
