// What native/release.mk builds against: headers and libraries of the oldest Debian that packages are for, so that what is built runs
// there and on whatever is newer, for any processor on any. Of the Debian that checkouts are built on it has two things: the kernel's
// headers, which name what newer kernels can do, and libbpf, as sources, since Debian's static one is not made for shared objects.

import { basename, join } from 'node:path';
import { cachedFolder } from '../cached-folder.ts';
import { DebianArchive } from '../debian/archive.ts';
import { EXTRACTION, extractPackages } from '../debian/debian-root.ts';
import { NEWEST, OLDEST } from '../debian/releases.ts';
import type { Architecture } from '../tree/architecture.ts';

const PACKAGES = ['libc6-dev', 'libstdc++-12-dev', 'libelf-dev', 'zlib1g-dev'];

const KERNEL_HEADERS = 'linux-libc-dev';

/** Where the sysroot has the sources of libbpf. */
export const LIBBPF = 'usr/src/libbpf';

/** @returns the folder: made at the first time, from then on what is in the cache */
export function sysroot({ name: architecture }: Architecture): string {
  const oldest = new DebianArchive({ suite: OLDEST.suite, architecture });
  const newest = new DebianArchive({ suite: NEWEST.suite, architecture });
  const packages = [
    ...oldest.packages(PACKAGES).filter((path) => !basename(path).startsWith(`${KERNEL_HEADERS}_`)),
    ...newest.packages([KERNEL_HEADERS]),
  ];
  return cachedFolder(`sysroot-${architecture}`, [EXTRACTION, ...packages, newest.sourceName('libbpf')], (folder) => {
    extractPackages(packages, folder);
    newest.source('libbpf', join(folder, LIBBPF));
  });
}
