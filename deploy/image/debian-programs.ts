// Programs of this Debian machine for the image: each with the shared libraries it loads, and with what Debian says of the packages
// they are from, so that a scanner of images knows them and their licences are kept.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Of busybox, for `program_output` and for a look around by `kubectl exec`. */
const APPLETS = ['sh', 'cat', 'env', 'head', 'id', 'ls', 'logger', 'nc', 'sleep', 'tail', 'tee', 'wc'];

/** Debian's systems have programs and libraries below /usr alone. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** Where a file of this machine has its place in a merged /usr. */
function placeOf(path: string): string {
  return MERGED.some((folder) => path.startsWith(`/${folder}/`)) ? `/usr${path}` : path;
}

export class ProgramsOfDebian {
  readonly #root: string;
  readonly #packages = new Set<string>();

  /** @param root the image's root folder */
  constructor(root: string) {
    this.#root = root;
    for (const folder of MERGED) {
      mkdirSync(join(root, 'usr', folder), { recursive: true });
      symlinkSync(`usr/${folder}`, join(root, folder));
    }
  }

  /** A shell and small tools. */
  addBusybox(): void {
    this.addProgram('busybox');
    for (const applet of APPLETS) symlinkSync('busybox', join(this.#root, 'usr/bin', applet));
  }

  /** A program in PATH, with its libraries. */
  addProgram(name: string): void {
    const path = execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
    this.#copy(path, `/usr/bin/${name}`);
    this.addLibrariesOf(path);
  }

  /** What the dynamic linker would load for a program or a library. */
  addLibrariesOf(path: string): void {
    for (const library of librariesOf(path)) this.#copy(library, placeOf(library));
  }

  /** A file that belongs to a package, at the same place. */
  addFile(path: string): void {
    this.#copy(path, path);
  }

  #copy(from: string, to: string): void {
    const target = join(this.#root, to);
    if (existsSync(target)) return;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(from, target);
    const owner = packageOf(realpathSync(from));
    if (owner !== undefined) this.#describe(owner);
  }

  /** In the place where images without dpkg have it. */
  #describe(name: string): void {
    if (this.#packages.has(name)) return;
    this.#packages.add(name);
    const folder = join(this.#root, 'var/lib/dpkg/status.d');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), execFileSync('dpkg-query', ['--status', name]));
    const copyright = `/usr/share/doc/${name}/copyright`;
    if (!existsSync(copyright)) return;
    mkdirSync(join(this.#root, dirname(copyright)), { recursive: true });
    copyFileSync(copyright, join(this.#root, copyright));
  }
}

/** Empty for a static program. */
function librariesOf(path: string): string[] {
  let listing: string;
  try {
    listing = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch {
    return [];
  }
  const missing = /^\s*(\S+) => not found$/m.exec(listing)?.[1];
  if (missing !== undefined) throw new Error(`${basename(path)} needs ${missing}, which this machine lacks`);
  return [...listing.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, library = '']) => library);
}

/** None for a generated file, such as the bundle of certificates. */
function packageOf(path: string): string | undefined {
  try {
    const found = execFileSync('dpkg-query', ['--search', path], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^([^:\s]+)(:\w+)?: /m.exec(found)?.[1];
  } catch {
    return undefined;
  }
}
