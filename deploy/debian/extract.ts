// Unpacks Debian packages as a system would have their files: nothing is configured, nothing of them is run. So they can be of another
// processor.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Debian's systems have programs and libraries below /usr alone. */
export const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** Where each package's control fields are, as images without dpkg have them: scanners look there. */
export const STATUS_FOLDER = 'var/lib/dpkg/status.d';

/** Where dpkg has the names of each package's files. */
export const LISTS_FOLDER = 'var/lib/dpkg/info';

/** For names of cached folders: what is unpacked otherwise is another content. */
export const EXTRACTION = readFileSync(import.meta.filename, 'utf8');

/** Of one package's files. */
const MOST_BYTES = 1 << 30;

/** Makes the links of a merged /usr. */
export function mergeUsr(root: string): void {
  for (const folder of MERGED) {
    mkdirSync(join(root, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
}

/** @param packages package files  @param root an empty folder */
export function extractPackages(packages: readonly string[], root: string): void {
  mergeUsr(root);
  for (const folder of [STATUS_FOLDER, LISTS_FOLDER]) mkdirSync(join(root, folder), { recursive: true });
  for (const file of packages) {
    const control = execFileSync('dpkg-deb', ['--field', file], { encoding: 'utf8' });
    const files = execFileSync('dpkg-deb', ['--fsys-tarfile', file], { maxBuffer: MOST_BYTES });
    const name = fieldOf(control, 'Package');
    writeFileSync(join(root, STATUS_FOLDER, name), control);
    writeFileSync(join(root, LISTS_FOLDER, `${name}.list`), execFileSync('tar', ['--list'], { input: files }));
    // `dpkg-deb --extract` would make a folder of a link.
    execFileSync('tar', ['--extract', '--keep-directory-symlink', '--directory', root], { input: files });
  }
}

/** Value of a one-line field of a package's control file. */
export function fieldOf(control: string, name: string): string {
  const value = new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1];
  if (value === undefined) throw new Error(`a package's control file has no field ${name}`);
  return value;
}
