// The `minimal` root of a processor, as a disk image: Debian's packages that the tests call, and Node and the npm packages as an
// installed Wasprey has them. What changes with each edit (host/, test/, the build) is not in it: initramfs.ts.

import { cpSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFolder } from '../../deploy/cached-folder.ts';
import { DebianArchive } from '../../deploy/debian/archive.ts';
import { extractPackages } from '../../deploy/debian/debian-root.ts';
import { NEWEST } from '../../deploy/debian/releases.ts';
import { copyNodePackages } from '../../deploy/tree/node-packages.ts';
import { copyRuntime, runtimeProgram } from '../../deploy/tree/node-runtime.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { architectureNamed } from './architecture.ts';
import { makeDiskImage } from './disk-image.ts';
import type { Processor } from './guests.ts';

const PACKAGES = [
  ...[
    'base-files',
    'base-passwd',
    'bash',
    'coreutils',
    'dash',
    'debianutils',
    'findutils',
    'gawk',
    'grep',
    'login.defs',
  ],
  ...['libc-bin', 'mount', 'netbase', 'passwd', 'procps', 'sed', 'util-linux', 'bsdutils', 'kmod', 'iproute2'],
  ...['attr', 'busybox-static', 'libcap2-bin', 'libbpf1', 'libseccomp2', 'libstdc++6', 'runc'],
];

/** Where npm packages are in a root, as the project is found there. */
export const PROJECT_IN_ROOT = 'srv/wasprey';

export interface Root {
  readonly disk: string;
  /** Of the guest's processor, statically linked: the first stage runs in it alone. */
  readonly busybox: string;
}

export function minimalRoot(processor: Processor): Root {
  const architecture = architectureNamed(processor);
  const packages = new DebianArchive({ suite: NEWEST.suite, architecture: processor }).packages(PACKAGES);
  const madeBy = ['deploy/tree/node-packages.ts', 'deploy/tree/node-runtime.ts', 'test/kernels/disk-image.ts'];
  const files = [import.meta.filename, ...['package-lock.json', ...madeBy].map((path) => PROJECT + path)];
  const scripts = files.map((path) => readFileSync(path, 'utf8'));
  const folder = cachedFolder(`root-minimal-${processor}`, [...packages, ...scripts], (to) => {
    const root = join(to, 'root');
    extractPackages(packages, root);
    makeUpForScripts(root);
    const home = join(root, PROJECT_IN_ROOT);
    mkdirSync(home, { recursive: true });
    copyNodePackages(home, architecture);
    copyRuntime(home, architecture);
    symlinkSync(`/${PROJECT_IN_ROOT}/${runtimeProgram(architecture)}`, join(root, 'usr/bin/node'));
    makeDiskImage(root, join(to, 'disk'));
    cpSync(join(root, 'usr/bin/busybox'), join(to, 'busybox'));
    rmSync(root, { recursive: true });
  });
  return { disk: join(folder, 'disk'), busybox: join(folder, 'busybox') };
}

/** What maintainer scripts would make: they are of another processor, so that none was run. */
function makeUpForScripts(root: string): void {
  // Where actions of `wasprey generate` write.
  for (const name of ['etc/apt/sources.list.d', 'etc/cron.d']) mkdirSync(join(root, name), { recursive: true });
  const write = (path: string, text: string, mode = 0o644): void => writeFileSync(join(root, path), text, { mode });
  for (const name of ['doc', 'man', 'locale']) rmSync(join(root, 'usr/share', name), { recursive: true, force: true });
  write(
    'etc/passwd',
    `root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/bin/false\n`,
  );
  write('etc/group', 'root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\n');
  write('etc/shadow', 'root:*:20000:0:99999:7:::\n', 0o600);
  write('etc/hosts', '127.0.0.1 localhost guest\n::1 localhost\n');
  for (const [link, target] of [
    ['sh', 'dash'],
    ['awk', 'gawk'],
  ] as const) {
    if (!lstatSync(join(root, 'usr/bin', link), { throwIfNoEntry: false }))
      symlinkSync(target, join(root, 'usr/bin', link));
  }
}
