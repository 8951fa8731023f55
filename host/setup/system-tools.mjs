// The programs and headers that set-up needs from the system, and the Debian packages that have them.
// They are looked for as files, not asked of dpkg, so that other systems and hand-made installations do as well.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from './paths.mjs';

/** @typedef {'build' | 'release' | 'live-tests' | 'cluster-tests' | 'kernel-tests' | 'package-tests'} Purpose */

/**
 * @typedef {object} SystemTool
 * @property {string} name as messages say it
 * @property {readonly string[]} [commands] any of these in PATH
 * @property {readonly string[]} [files] any of these
 * @property {readonly string[]} packages of Debian: the first that the system has is installed
 * @property {readonly Purpose[]} purposes
 */

/** @type {readonly SystemTool[]} */
export const SYSTEM_TOOLS = [
  { name: 'make', commands: ['make'], packages: ['make'], purposes: ['build'] },
  { name: 'clang 19', commands: ['clang-19'], packages: ['clang-19'], purposes: ['build'] },
  { name: 'bpftool', commands: ['bpftool'], packages: ['bpftool'], purposes: ['build'] },
  { name: 'libbpf headers', files: ['/usr/include/bpf/libbpf.h'], packages: ['libbpf-dev'], purposes: ['build'] },
  { name: 'mount', commands: ['mount'], packages: ['mount'], purposes: ['live-tests'] },
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
 * @param {{ hasCommand(name: string): boolean, hasFile(path: string): boolean }} [system]
 * @returns {SystemTool[]} those that are missing
 */
export function missingTools(wanted, system = thisSystem) {
  return SYSTEM_TOOLS.filter(
    ({ purposes, commands = [], files = [] }) =>
      purposes.some((purpose) => wanted.includes(purpose)) &&
      !commands.some((name) => system.hasCommand(name)) &&
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
  hasFile: existsSync,
};

/** @param {string} name */
export function hasCommand(name) {
  return thisSystem.hasCommand(name);
}
