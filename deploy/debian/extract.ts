// Folders that Debian packages are unpacked in, as a system would have their files: nothing is configured, nothing of them is run.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's systems have programs and libraries below /usr alone. */
export const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** Of one package's files. */
const MOST_BYTES = 1 << 30;

/** Makes the links of a merged /usr. */
export function mergeUsr(root: string): void {
  for (const folder of MERGED) {
    mkdirSync(join(root, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
}

/** @param packages files of packages  @param root an empty folder */
export function extractPackages(packages: readonly string[], root: string): void {
  mergeUsr(root);
  for (const file of packages) {
    // `dpkg-deb --extract` would make a folder of a link.
    const files = execFileSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: MOST_BYTES });
    execFileSync('tar', ['--extract', '--keep-directory-symlink', '--directory', root], { input: files });
  }
}
