// Programs of Debian for the image: each with the shared libraries it loads, and with what Debian says of the packages they are from,
// so that a scanner of images knows them and their licences are kept.

import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cachedFolder } from '../cached-folder.ts';
import { DebianArchive } from '../debian/archive.ts';
import {
  type DebianPackage,
  DebianRoot,
  EXTRACTION,
  extractPackages,
  mergeUsr,
  STATUS_FOLDER,
} from '../debian/debian-root.ts';
import { neededLibraries, programInterpreter } from '../debian/elf.ts';
import { NEWEST } from '../debian/releases.ts';
import type { Architecture } from '../tree/architecture.ts';

const PACKAGES = ['libc6', 'busybox-static', 'curl', 'jq', 'ca-certificates', 'base-files'];

/** Of busybox, for `program_output`, for `wasprey generate`, and for a look around by `kubectl exec`. */
export const APPLETS = ['sh', 'cat', 'env', 'head', 'id', 'ls', 'logger', 'nc', 'sleep', 'tail', 'tee', 'true', 'wc'];

/** What its package makes at its installation, of the certificates in it. */
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';

export class DebianPrograms {
  readonly #root: string;
  readonly #debian: DebianRoot;
  readonly #architecture: Architecture;
  readonly #packages = new Map<string, DebianPackage>();

  /** @param root the image's root folder, empty */
  constructor(root: string, architecture: Architecture) {
    const { name } = architecture;
    const packages = new DebianArchive({ suite: NEWEST.suite, architecture: name }).packages(PACKAGES);
    this.#root = root;
    this.#architecture = architecture;
    this.#debian = new DebianRoot(
      cachedFolder(`image-${name}`, [EXTRACTION, ...packages], (folder) => extractPackages(packages, folder)),
    );
    mergeUsr(root);
  }

  /** Those that the image has files of. */
  get packages(): DebianPackage[] {
    return [...this.#packages.values()];
  }

  /** A shell and small tools. */
  addBusybox(): void {
    this.addProgram('busybox');
    for (const applet of APPLETS) symlinkSync('busybox', join(this.#root, 'usr/bin', applet));
  }

  /** A program in PATH, with its libraries. */
  addProgram(name: string): void {
    this.#add(`/usr/bin/${name}`);
  }

  /** The dynamic linker and what it would load for a program or a library, without what comes along in a folder of its own. */
  addLibrariesOf(path: string, ownFolder = ''): void {
    const interpreter = programInterpreter(path);
    if (interpreter !== undefined) this.#add(`/usr${interpreter}`);
    for (const name of neededLibraries(path)) {
      const own = join(ownFolder, name);
      if (ownFolder !== '' && existsSync(own)) {
        this.addLibrariesOf(own, ownFolder);
        continue;
      }
      const library = this.#debian.findLibrary(name, this.#architecture.triplet);
      if (library === undefined) throw new Error(`${basename(path)} needs ${name}, which no package of the image has`);
      this.#add(library);
    }
  }

  /** All authorities that Debian trusts. */
  addCertificates(): void {
    const files = globSync('usr/share/ca-certificates/**/*.crt', { cwd: this.#debian.folder }).sort();
    const texts = files.map((path) => readFileSync(join(this.#debian.folder, path), 'utf8').trimEnd());
    const target = join(this.#root, CERTIFICATES);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${texts.join('\n')}\n`);
    this.#describe(this.#debian.package('ca-certificates'));
  }

  /** Which Debian it is. */
  addOsRelease(): void {
    this.#add('/etc/os-release');
  }

  #add(path: string): void {
    const target = join(this.#root, path);
    if (existsSync(target)) return;
    const source = this.#debian.locate(path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
    this.#describe(this.#debian.ownerOf(path));
    if (path.startsWith('/usr/')) this.addLibrariesOf(source);
  }

  #describe(owner: DebianPackage): void {
    if (this.#packages.has(owner.name)) return;
    this.#packages.set(owner.name, owner);
    const files = {
      [join(STATUS_FOLDER, owner.name)]: owner.control,
      [`usr/share/doc/${owner.name}/copyright`]: owner.copyright,
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.#root, path)), { recursive: true });
      writeFileSync(join(this.#root, path), text);
    }
  }
}
