// A folder with unpacked Debian packages, as a system would have their files: nothing is configured, nothing of them is run, so that they
// can be of another processor. Like a system it knows which package each file is of.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Debian's systems have programs and libraries below /usr alone. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** Where each package's control fields are, as images without dpkg have them: scanners look there. */
export const STATUS_FOLDER = 'var/lib/dpkg/status.d';

/** Where dpkg has the names of each package's files. */
const LISTS_FOLDER = 'var/lib/dpkg/info';

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

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Its control fields, as text. */
  readonly control: string;
  /** Text of its file of copyrights and licences. */
  readonly copyright: string;
}

export class DebianRoot {
  readonly folder: string;
  readonly #owners = new Map<string, string>();

  /** @param folder that extractPackages() has filled */
  constructor(folder: string) {
    this.folder = realpathSync(folder);
    for (const list of globSync(join(this.folder, LISTS_FOLDER, '*.list')))
      for (const path of readFileSync(list, 'utf8').split('\n'))
        if (!path.endsWith('/')) this.#owners.set(merged(path.slice(1)), basename(list, '.list'));
  }

  /** A file by its path in the system: `/usr/bin/jq`. Links are followed. */
  locate(path: string): string {
    return realpathSync(join(this.folder, path));
  }

  /** A shared library by its name, if a package has it where the dynamic linker looks. */
  findLibrary(name: string, triplet: string): string | undefined {
    return [`/usr/lib/${triplet}/${name}`, `/usr/lib/${name}`, `/usr/lib64/${name}`].find((path) =>
      existsSync(join(this.folder, path)),
    );
  }

  /** The package that has a file; links are followed. */
  ownerOf(path: string): DebianPackage {
    const file = this.locate(path).slice(this.folder.length);
    const name = this.#owners.get(file);
    if (name === undefined) throw new Error(`no package in ${this.folder} has ${file}`);
    return this.package(name);
  }

  package(name: string): DebianPackage {
    const control = readFileSync(join(this.folder, STATUS_FOLDER, name), 'utf8');
    return {
      name,
      version: fieldOf(control, 'Version'),
      architecture: fieldOf(control, 'Architecture'),
      control,
      copyright: readFileSync(this.locate(`/usr/share/doc/${name}/copyright`), 'utf8'),
    };
  }
}

/** The path in a system with a merged /usr. */
function merged(path: string): string {
  return MERGED.some((folder) => path.startsWith(`/${folder}/`)) ? `/usr${path}` : path;
}

/** Value of a one-line field of a package's control file. */
function fieldOf(control: string, name: string): string {
  const value = new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1];
  if (value === undefined) throw new Error(`a package's control file has no field ${name}`);
  return value;
}
