// The programs and headers that set-up needs from the system, and the packages that have them: Debian's, and those of other families of
// distributions for what the build needs.
// They are looked for as files, not asked of dpkg, so that other systems and hand-made installations do as well.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from './paths.mjs';

/** @import { Family } from './distribution.mjs' */
/** @typedef {'build' | 'release' | 'live-tests' | 'cluster-tests' | 'kernel-tests' | 'package-tests'} Purpose */

/**
 * @typedef {object} SystemTool
 * @property {string} name as messages say it
 * @property {readonly string[]} [commands] any of these in PATH
 * @property {{ command: string, oldest: number }} [unversioned] a command that does as well from that major version on
 * @property {readonly string[]} [files] any of these
 * @property {readonly string[]} packages of Debian: the first that the system has is installed
 * @property {Readonly<Record<Family, string>>} [elsewhere] packages of other families, with spaces between them
 * @property {readonly Purpose[]} purposes
 */

/** @param {string} name of a package that most families call so */
const same = (name) => ({ fedora: name, rhel: name, amazon: name, suse: name, arch: name, alpine: name });

/** @type {readonly SystemTool[]} */
export const SYSTEM_TOOLS = [
  { name: 'make', commands: ['make'], packages: ['make'], elsewhere: same('make'), purposes: ['build'] },
  {
    // 19 is the first with __typeof_unqual__, which the BPF sources use (17 and 18 were tried, and 22). A C++ library comes with Debian's.
    name: 'clang 19 or newer',
    commands: ['clang-19'],
    unversioned: { command: 'clang', oldest: 19 },
    packages: ['clang-19'],
    elsewhere: { ...same('clang gcc-c++'), amazon: 'clang19 gcc-c++', arch: 'clang', alpine: 'clang g++' },
    purposes: ['build'],
  },
  {
    name: 'bpftool',
    commands: ['bpftool'],
    packages: ['bpftool'],
    elsewhere: { ...same('bpftool'), arch: 'bpf' },
    purposes: ['build'],
  },
  {
    name: 'libbpf headers',
    files: ['/usr/include/bpf/libbpf.h'],
    packages: ['libbpf-dev'],
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
    packages: ['libc6-dev'],
    elsewhere: { ...same('glibc-static'), suse: 'glibc-devel-static', arch: 'glibc', alpine: 'musl-dev' },
    purposes: ['build'],
  },
  { name: 'mount', commands: ['mount'], packages: ['mount'], purposes: ['live-tests', 'package-tests'] },
  { name: 'runc', commands: ['runc'], packages: ['runc'], purposes: ['live-tests'] },
  { name: '/etc/shadow', files: ['/etc/shadow'], packages: ['passwd'], purposes: ['live-tests'] },
  { name: 'busybox (static)', commands: ['busybox'], packages: ['busybox-static'], purposes: ['live-tests'] },
  { name: 'curl', commands: ['curl'], packages: ['curl'], purposes: ['live-tests'] },
  { name: 'jq', commands: ['jq'], packages: ['jq'], purposes: ['live-tests'] },
  {
    name: 'lld 19',
    files: ['/usr/lib/llvm-19/bin/ld.lld'],
    packages: ['lld-19'],
    purposes: ['release'],
  },
  { name: 'patchelf', commands: ['patchelf'], packages: ['patchelf'], purposes: ['release'] },
  {
    name: 'strip for x86-64',
    commands: ['x86_64-linux-gnu-strip'],
    packages: ['binutils-x86-64-linux-gnu'],
    purposes: ['release'],
  },
  {
    name: 'strip for arm64',
    commands: ['aarch64-linux-gnu-strip'],
    packages: ['binutils-aarch64-linux-gnu'],
    purposes: ['release'],
  },
  { name: 'docker-registry', commands: ['docker-registry'], packages: ['docker-registry'], purposes: ['live-tests'] },
  { name: 'oras', commands: ['oras'], packages: ['oras'], purposes: ['live-tests'] },
  { name: 'cosign', commands: ['cosign'], packages: ['cosign'], purposes: ['live-tests'] },
  { name: 'prometheus', commands: ['prometheus'], packages: ['prometheus'], purposes: ['live-tests'] },
  { name: 'rsyslogd', commands: ['rsyslogd'], packages: ['rsyslog'], purposes: ['live-tests'] },
  { name: 'script', commands: ['script'], packages: ['bsdutils'], purposes: ['live-tests'] },
  { name: 'bash', commands: ['bash'], packages: ['bash'], purposes: ['live-tests'] },
  { name: 'zsh', commands: ['zsh'], packages: ['zsh'], purposes: ['live-tests'] },
  { name: 'fish', commands: ['fish'], packages: ['fish'], purposes: ['live-tests'] },
  { name: 'mandoc', commands: ['mandoc'], packages: ['mandoc'], purposes: ['live-tests'] },
  { name: 'groff', commands: ['groff'], packages: ['groff-base'], purposes: ['live-tests'] },
  {
    name: 'systemd-analyze',
    commands: ['systemd-analyze'],
    packages: ['systemd'],
    purposes: ['live-tests', 'package-tests'],
  },
  { name: 'go', commands: ['go'], packages: ['golang-go'], purposes: ['cluster-tests'] },
  { name: 'dpkg-source', commands: ['dpkg-source'], packages: ['dpkg-dev'], purposes: ['release', 'cluster-tests'] },
  { name: 'etcd', commands: ['etcd'], packages: ['etcd-server'], purposes: ['cluster-tests'] },
  { name: 'kubectl', commands: ['kubectl'], packages: ['kubernetes-client'], purposes: ['cluster-tests'] },
  { name: 'containerd', commands: ['containerd'], packages: ['containerd'], purposes: ['cluster-tests'] },
  {
    name: 'CNI plugins',
    files: ['/usr/lib/cni/bridge'],
    packages: ['containernetworking-plugins'],
    purposes: ['cluster-tests'],
  },
  { name: 'ip', commands: ['ip'], packages: ['iproute2'], purposes: ['cluster-tests'] },
  { name: 'iptables', commands: ['iptables'], packages: ['iptables'], purposes: ['cluster-tests'] },
  { name: 'conntrack', commands: ['conntrack'], packages: ['conntrack'], purposes: ['cluster-tests'] },
  { name: 'catatonit (static)', commands: ['catatonit'], packages: ['catatonit'], purposes: ['cluster-tests'] },
  { name: 'unzip', commands: ['unzip'], packages: ['unzip'], purposes: ['cluster-tests'] },
  { name: 'openssl', commands: ['openssl'], packages: ['openssl'], purposes: ['cluster-tests'] },
  {
    name: 'QEMU for x86-64',
    commands: ['qemu-system-x86_64'],
    packages: ['qemu-system-x86'],
    purposes: ['kernel-tests'],
  },
  {
    name: 'QEMU for arm64',
    commands: ['qemu-system-aarch64'],
    packages: ['qemu-system-arm'],
    purposes: ['kernel-tests'],
  },
  { name: 'cpio', commands: ['cpio'], packages: ['cpio'], purposes: ['kernel-tests'] },
  { name: 'depmod', commands: ['depmod'], packages: ['kmod'], purposes: ['kernel-tests'] },
  { name: 'mke2fs', commands: ['mke2fs'], packages: ['e2fsprogs'], purposes: ['kernel-tests'] },
  {
    name: 'mmdebstrap',
    commands: ['mmdebstrap'],
    packages: ['mmdebstrap'],
    purposes: ['kernel-tests', 'package-tests'],
  },
  { name: 'lintian', commands: ['lintian'], packages: ['lintian'], purposes: ['package-tests'] },
  { name: 'xz', commands: ['xz'], packages: ['xz-utils'], purposes: ['kernel-tests'] },
];

/**
 * @param {readonly Purpose[]} wanted
 * @param {typeof thisSystem} [system]
 * @returns {SystemTool[]} those that are missing
 */
export function missingTools(wanted, system = thisSystem) {
  return SYSTEM_TOOLS.filter(
    ({ purposes, commands = [], unversioned, files = [] }) =>
      purposes.some((purpose) => wanted.includes(purpose)) &&
      !commands.some((name) => system.hasCommand(name)) &&
      !(unversioned && system.majorVersion(unversioned.command) >= unversioned.oldest) &&
      !files.some((path) => system.hasFile(path)),
  );
}

const thisSystem = {
  /** @param {string} name */
  hasCommand(name) {
    return SYSTEM_PATH.split(delimiter).some((folder) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  },
  /** @param {string} path */
  hasFile(path) {
    return existsSync(path);
  },
  /**
   * @param {string} command
   * @returns {number} as `command --version` says; 0 if it does not say
   */
  majorVersion(command) {
    const { stdout } = spawnSync(command, ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: SYSTEM_PATH },
    });
    return Number(/ version (\d+)\./.exec(stdout ?? '')?.[1] ?? 0);
  },
};

/** @param {string} name */
export function hasCommand(name) {
  return thisSystem.hasCommand(name);
}
