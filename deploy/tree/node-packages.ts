// The npm packages that an installed Wasprey has: those that package-lock.json names for production on a processor, without what only
// a person or a build would read.

import { cpSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import type { Architecture } from './architecture.ts';
import { isRuntime } from './node-runtime.ts';

export interface NodePackage {
  /** With its folder: `node_modules/pino`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of its archive: `sha512-...`. */
  readonly integrity: string;
  /** SPDX expression. */
  readonly license: string;
}

interface LockEntry {
  readonly version: string;
  readonly integrity: string;
  readonly license: string;
  readonly dev?: boolean;
  readonly cpu?: string | readonly string[];
}

/** Headers and type declarations: needed to build, not to run. */
const BUILD_ONLY = /^node_modules\/(node-addon-api|.*@types\/[^/]+|undici-types)$/;

/** Within packages: declarations, source maps, settings of tools (.*), command lines, and documents other than licences. */
const LEFT_OUT_FILES = /^\.|(\.d\.[mc]?ts|\.map|(?<!licen[cs]e)\.md|\.html|\.flow|\.c|\.sh|^bin\.js|CMakeLists\.txt)$/i;

/** And native builds for another runtime. */
const LEFT_OUT_FOLDERS: ReadonlySet<string> = new Set(['prebuilds', 'bin', 'test', 'tests', 'docs', 'benchmarks']);

/** Development packages that esbuild puts into the script of the page (host/setup/page-build.mjs). */
const BUNDLED: ReadonlySet<string> = new Set(['node_modules/preact']);

/** Those in node_modules, and so not the runtime, which another processor has another of. */
export function productionPackages({ node }: Architecture): NodePackage[] {
  return packagesWhere(
    (path, { dev, cpu }) =>
      !dev && (cpu === undefined || [cpu].flat().includes(node)) && !BUILD_ONLY.test(path) && !isRuntime(path),
  );
}

/** Those that are in the script of the page. */
export function bundledPackages(): NodePackage[] {
  return packagesWhere((path) => BUNDLED.has(path));
}

function packagesWhere(isWanted: (path: string, entry: LockEntry) => boolean): NodePackage[] {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const packages: Readonly<Record<string, LockEntry>> = lock.packages;
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && isWanted(path, entry))
    .map(([path, { version, integrity, license }]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      integrity,
      license,
    }));
}

/** @param to the folder that gets `node_modules` */
export function copyNodePackages(to: string, architecture: Architecture): void {
  for (const { path } of productionPackages(architecture)) {
    cpSync(join(PROJECT, path), join(to, path), {
      recursive: true,
      filter: (source) => isNeeded(source.slice(PROJECT.length)),
    });
  }
}

/** Packages within packages are named by the lock file like the others. */
function isNeeded(path: string): boolean {
  const inside = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (path.endsWith('/node_modules')) return false;
  const names = inside.split('/').slice(1);
  return !names.some((name) => LEFT_OUT_FOLDERS.has(name)) && !LEFT_OUT_FILES.test(basename(path));
}
