// Where there is no apt: which family of distributions this system is of, by os-release(5), and how a person installs packages there.

import { readFileSync } from 'node:fs';

/** @import { Problem } from './failure.mjs' */
/** @import { Family, SystemTool } from './system-tools.mjs' */

/**
 * Each family's members, as ID and ID_LIKE name them; the command that installs; and what a person has to know besides.
 * Distributions that say that they are like Fedora come before it.
 * @type {readonly { family: Family, ids: readonly string[], install: string, remark?: string }[]}
 */
const FAMILIES = [
  { family: 'amazon', ids: ['amzn'], install: 'dnf install' },
  {
    family: 'rhel',
    ids: ['rhel', 'centos', 'ol'],
    install: 'dnf install',
    remark: '(libbpf-devel and glibc-static are in the repository CRB, CodeReady Builder: enable that first)',
  },
  { family: 'fedora', ids: ['fedora'], install: 'dnf install' },
  {
    family: 'suse',
    ids: ['suse', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed', 'sles'],
    install: 'zypper install',
    remark:
      '(where clang is older than 19, the packages of newer ones have the version in their name, such as clang19)',
  },
  { family: 'arch', ids: ['arch'], install: 'pacman -S --needed' },
  { family: 'alpine', ids: ['alpine'], install: 'apk add' },
];

/** @type {Problem} */
const MUSL = {
  what: 'the Node.js that Wasprey runs on is built for glibc, and the C library of Alpine is musl',
  how: 'it does not start here: make the container image on a Debian 13 (npm run -s image), and run that',
};

/**
 * @param {readonly SystemTool[]} tools that are missing
 * @param {string} missing a clause that names them
 * @param {boolean} isRoot
 * @param {string} [osRelease] text of os-release
 * @returns {Problem[]} what is missing, with the command of this distribution that installs it
 */
export function problemsElsewhere(tools, missing, isRoot, osRelease = readOsRelease()) {
  const known = entryOf(osRelease);
  if (!known) {
    const debian = tools.map((tool) => tool.package).join(' ');
    const how = `install them with the system's own package manager (Debian's packages are: ${debian}) and run this again`;
    return [{ what: `${missing}; there is no apt-get to install them with`, how }];
  }
  const { family, install, remark } = known;
  const packages = tools.flatMap(({ elsewhere }) => (elsewhere ? [elsewhere[family]] : []));
  const others = tools.filter(({ elsewhere }) => !elsewhere).map((tool) => tool.package);
  const how = ['install them, then run this again:'];
  if (packages.length > 0) how.push(`${isRoot ? '' : 'sudo '}${install} ${packages.join(' ')}`);
  if (others.length > 0) how.push(`and what Debian's packages of these names have: ${others.join(' ')}`);
  if (remark !== undefined) how.push(remark);
  return [{ what: missing, how: how.join('\n') }, ...(family === 'alpine' ? [MUSL] : [])];
}

/**
 * @param {string} osRelease text of os-release
 * @returns {Family | undefined} undefined for Debian's and for unknown ones
 */
export function familyOf(osRelease) {
  return entryOf(osRelease)?.family;
}

/** @param {string} osRelease */
function entryOf(osRelease) {
  const words = ['ID', 'ID_LIKE'].flatMap((name) => {
    const [, , value = ''] = new RegExp(`^${name}=(["']?)(.*)\\1\\s*$`, 'm').exec(osRelease) ?? [];
    return value.split(' ');
  });
  return FAMILIES.find(({ ids }) => ids.some((id) => words.includes(id)));
}

/**
 * @param {readonly string[]} [paths]
 * @returns {string} the text of os-release; empty if none of the paths can be read
 */
export function readOsRelease(paths = ['/etc/os-release', '/usr/lib/os-release']) {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // Without it the distribution is unknown, and its packages are not named.
    }
  }
  return '';
}
