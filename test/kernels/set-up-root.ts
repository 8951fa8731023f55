// The `set-up` root, as a disk image: a Debian 13 with git and npm, in which `npm run setup` was run in a copy of the working tree, as a
// person does who reads the README. It shows nothing of the test machine's kernel to what is built there: /sys is not mounted.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cachedFolder } from '../../deploy/cached-folder.ts';
import { DebianArchive } from '../../deploy/debian/archive.ts';
import { NEWEST } from '../../deploy/debian/releases.ts';
import { takeLock } from '../../host/setup/lock.mjs';
import { PROJECT } from '../../host/setup/paths.mjs';
import { SYSTEM_TOOLS } from '../../host/setup/system-tools.mjs';
import { makeDiskImage } from './disk-image.ts';
import { PROJECT_IN_ROOT, type Root } from './minimal-root.ts';
import { runTool } from './run-tool.ts';
import { copyWorkingTree } from './working-tree.ts';

/** What is in each root, as apt's pattern. */
const ESSENTIAL = '?essential';

/** What the README asks for. */
const BEFORE = ['git', 'npm', 'ca-certificates'];

/** What the tests in the guest call; installed after set-up, which thus can't rely on any of it. */
const AFTER = [
  'busybox-static',
  'gawk',
  'iproute2',
  'kmod',
  'libcap2-bin',
  'attr',
  'mount',
  'passwd',
  'procps',
  'runc',
];

/** Certificates that this machine's npm and apt go by, which may be a proxy's. */
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

export interface SetUpRoot extends Root {
  /** The copy of the working tree, set up. */
  readonly project: string;
}

/** Brings the copy up to date and sets it up again, which builds what has changed, as a checkout that is pulled does. */
export function setUpRoot(): SetUpRoot {
  const folder = preparedRoot();
  const root = join(folder, 'root');
  const project = join(root, PROJECT_IN_ROOT);
  const { release } = takeLock(join(folder, 'lock'), () => {});
  try {
    setUp(root);
  } finally {
    release();
  }
  return { disk: join(folder, 'disk'), busybox: join(root, 'usr/bin/busybox'), project };
}

/** With all that set-up installs; and the disk image of that, without the working tree. */
function preparedRoot(): string {
  const archive = new DebianArchive({ suite: NEWEST.suite, architecture: 'amd64' });
  const files = [import.meta.filename, `${PROJECT}package-lock.json`, `${PROJECT}host/setup/system-tools.mjs`];
  const tools = SYSTEM_TOOLS.filter(({ purposes }) => purposes.includes('build')).map((tool) => tool.package);
  const packages = archive.fileNames([ESSENTIAL, ...BEFORE, ...tools, ...AFTER]);
  const madeFrom = [...packages, ...files.map((path) => readFileSync(path, 'utf8'))];
  return cachedFolder('root-set-up', madeFrom, (folder) => {
    const root = join(folder, 'root');
    unpackDebian(root, archive);
    setUp(root);
    inRoot(root, ['apt-get', 'install', '--yes', '-qq', '--no-install-recommends', ...AFTER]);
    inRoot(root, ['apt-get', 'clean']);
    makeImage(root, join(folder, 'disk'));
  });
}

function unpackDebian(root: string, archive: DebianArchive): void {
  const image = `${root}.tar`;
  runTool('mmdebstrap', [
    ...['--quiet', '--variant=apt', `--include=${BEFORE.join(',')}`, NEWEST.suite],
    ...[image, archive.sourcesFile],
  ]);
  mkdirSync(root);
  runTool('tar', ['-xf', image, '-C', root]);
  rmSync(image);
  // How this machine reaches archives and registries: by a proxy, by a clock that is not the archive's.
  writeFileSync(
    join(root, 'etc/apt/apt.conf.d/99test-machine'),
    runTool('apt-config', ['dump', '--format', '%F "%v";%n', 'Acquire']),
  );
  if (existsSync('/etc/resolv.conf')) copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  if (existsSync(CERTIFICATES)) copyFileSync(CERTIFICATES, join(root, CERTIFICATES));
}

function setUp(root: string): void {
  copyWorkingTree(PROJECT, join(root, PROJECT_IN_ROOT));
  inRoot(root, ['npm', 'run', '--silent', 'setup']);
}

/** Runs a command in the root, where the project has the path that it has here, with a /proc and /dev and no /sys. */
function inRoot(root: string, command: readonly string[]): void {
  const at = PROJECT.replace(/\/$/, '');
  mkdirSync(join(root, at), { recursive: true });
  const registry = runTool('npm', ['config', 'get', 'registry'], PROJECT).trim();
  const script = `
    set -e; root=$1; project=$2; at=$3; shift 3
    mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t tmpfs tmpfs "$root/tmp"
    mount --bind "$root/$project" "$root$at"
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \\
      npm_config_registry="$REGISTRY" npm_config_cafile=${CERTIFICATES} NODE_EXTRA_CA_CERTS=${CERTIFICATES} npm_config_update_notifier=false \\
      sh -c 'cd "$0" && exec "$@"' "$at" "$@"`;
  const words = [
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
    'bash',
    '-c',
    script,
    'bash',
  ];
  runTool('env', [`REGISTRY=${registry}`, 'unshare', ...words, root, PROJECT_IN_ROOT, at, ...command]);
}

function makeImage(root: string, image: string): void {
  const project = join(root, PROJECT_IN_ROOT);
  const aside = join(dirname(root), 'project');
  renameSync(project, aside);
  mkdirSync(project);
  renameSync(join(aside, 'node_modules'), join(project, 'node_modules'));
  makeDiskImage(root, image);
  renameSync(join(project, 'node_modules'), join(aside, 'node_modules'));
  rmSync(project, { recursive: true });
  renameSync(aside, project);
}
