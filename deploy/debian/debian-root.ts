// A folder with unpacked Debian packages that, like a system, knows which package each file is of.

import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fieldOf, LISTS_FOLDER, MERGED, STATUS_FOLDER } from './extract.ts';

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
