// Which family of distributions this system is of, by os-release(5), and how packages are installed there.

import { readFileSync } from 'node:fs';

/** Families of distributions other than Debian's, each with package names of its own. @typedef {'fedora' | 'rhel' | 'amazon' | 'suse' | 'arch' | 'alpine'} Family */

/**
 * ID and ID_LIKE of each family's members. Those that say that they are like Fedora come before it.
 * @type {readonly (readonly [family: Family, ids: readonly string[]])[]}
 */
const FAMILIES = [
  ['amazon', ['amzn']],
  ['rhel', ['rhel', 'centos']],
  ['fedora', ['fedora']],
  ['suse', ['suse', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sles']],
  ['arch', ['arch']],
  ['alpine', ['alpine']],
];

/** @type {Readonly<Record<Family, string>>} */
export const INSTALL_COMMAND = {
  fedora: 'dnf install',
  rhel: 'dnf install',
  amazon: 'dnf install',
  suse: 'zypper install',
  arch: 'pacman -S --needed',
  alpine: 'apk add',
};

/** @returns {string} the text of os-release; empty if the system has no such file */
export function readOsRelease() {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // The other one, then.
    }
  }
  return '';
}

/**
 * @param {string} osRelease text of os-release
 * @returns {Family | undefined} undefined for Debian's and for unknown ones
 */
export function familyOf(osRelease) {
  const ids = [...words(osRelease, 'ID'), ...words(osRelease, 'ID_LIKE')];
  return FAMILIES.find(([, members]) => members.some((member) => ids.includes(member)))?.[0];
}

/**
 * The words of a variable, whose value may be quoted.
 * @param {string} osRelease
 * @param {string} name
 */
function words(osRelease, name) {
  const value = new RegExp(`^${name}=(["']?)(.*)\\1\\s*$`, 'm').exec(osRelease)?.[2] ?? '';
  return value.split(' ').filter((word) => word !== '');
}
