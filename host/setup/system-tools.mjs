// The programs and headers that set-up needs from the system, and the Debian packages that have them.
// They are looked for as files, not asked of dpkg, so that other systems and hand-made installations do as well.

import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from './paths.mjs';

/** @typedef {'build' | 'image' | 'live-tests' | 'cluster-tests'} Purpose */

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
  { name: 'busybox (static)', commands: ['busybox'], packages: ['busybox-static'], purposes: ['live-tests', 'image'] },
  { name: 'curl', commands: ['curl'], packages: ['curl'], purposes: ['image', 'live-tests'] },
  { name: 'jq', commands: ['jq'], packages: ['jq'], purposes: ['image', 'live-tests'] },
  { name: 'strip', commands: ['strip'], packages: ['binutils'], purposes: ['image'] },
  {
    name: 'certificates',
    files: ['/etc/ssl/certs/ca-certificates.crt'],
    packages: ['ca-certificates'],
    purposes: ['image'],
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
  { name: 'systemd-analyze', commands: ['systemd-analyze'], packages: ['systemd'], purposes: ['live-tests'] },
  { name: 'go', commands: ['go'], packages: ['golang-go'], purposes: ['cluster-tests'] },
  { name: 'dpkg-source', commands: ['dpkg-source'], packages: ['dpkg-dev'], purposes: ['cluster-tests'] },
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
