// The npm packages in the image: those that package-lock.json names for production on this machine, without what only a person
// or a build would read.

import { cpSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';

interface LockEntry {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
}

/** Headers and type declarations: needed to build, not to run. */
const BUILD_ONLY = /^node_modules\/(node-addon-api|.*@types\/[^/]+|undici-types)$/;

/** Within packages: declarations, source maps, native builds for another runtime, and documents other than licences. */
const LEFT_OUT_FILES = /(\.d\.[mc]?ts|\.map|\.md|\.flow|\.c|CMakeLists\.txt)$/i;
const LEFT_OUT_FOLDERS: ReadonlySet<string> = new Set(['prebuilds', 'test', 'tests', 'docs', 'benchmarks', '.github']);

/** Whole parts of single packages: command line tools of binaryen (asc uses the library), headers and manual of Node. */
const LEFT_OUT_PATHS = /^node_modules\/(binaryen\/bin|node-linux-[^/]+\/(include|share))(\/|$)/;

/** Names with their folder, e.g. `node_modules/pino`. */
export function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const packages: Readonly<Record<string, LockEntry>> = lock.packages;
  return Object.entries(packages)
    .filter(([path, { dev, cpu }]) => path !== '' && !dev && (cpu?.includes(process.arch) ?? true))
    .map(([path]) => path)
    .filter((path) => !BUILD_ONLY.test(path));
}

/** @param to the folder that gets `node_modules` */
export function copyNodePackages(to: string): void {
  for (const path of productionPackages()) {
    cpSync(join(PROJECT, path), join(to, path), {
      recursive: true,
      filter: (source) => isNeeded(source.slice(PROJECT.length)),
    });
  }
}

/** Packages within packages are named by the lock file like the others. */
function isNeeded(path: string): boolean {
  const inside = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (path.endsWith('/node_modules') || LEFT_OUT_PATHS.test(path)) return false;
  const folders = inside.split('/').slice(1);
  return !folders.some((name) => LEFT_OUT_FOLDERS.has(name)) && !LEFT_OUT_FILES.test(basename(path));
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
