// The pinned Node of either processor, as it is installed: without symbols, and with the C++ library that comes along.

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DOWNLOAD_CACHE, PROJECT } from '../../host/setup/paths.mjs';
import { cachedFolder } from '../cached-folder.ts';
import { downloadNpmArchive } from '../npm-archive.ts';
import type { Architecture } from './architecture.ts';

/** From the program to the libraries that come along (`build/lib`). */
const LIBRARY_PATH = '$ORIGIN/../../../build/lib';

const PACKAGE = /^node_modules\/node-linux-[^/]+$/;

/** Whether a folder of node_modules has Node. */
export function isRuntime(path: string): boolean {
  return PACKAGE.test(path);
}

/** Where an installed Wasprey has the program, below its own folder. */
export function runtimeProgram({ node }: Architecture): string {
  return `node_modules/node-linux-${node}/bin/node`;
}

/** As package-lock.json has it. */
export function runtimeVersion({ node }: Architecture): { readonly version: string; readonly integrity: string } {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  return lock.packages[`node_modules/node-linux-${node}`];
}

/** @param home Wasprey's folder in the tree */
export function copyRuntime(home: string, architecture: Architecture): void {
  const program = join(home, runtimeProgram(architecture));
  const from = preparedRuntime(architecture);
  mkdirSync(dirname(program), { recursive: true });
  copyFileSync(join(from, 'node'), program);
  for (const name of ['package.json', 'LICENSE']) copyFileSync(join(from, name), join(program, '../..', name));
}

/** Node's licence, which names those of what is in it. */
export function runtimeLicense(architecture: Architecture): string {
  return readFileSync(join(preparedRuntime(architecture), 'LICENSE'), 'utf8');
}

/** Folder with `node`, `package.json` and `LICENSE`. */
function preparedRuntime(architecture: Architecture): string {
  const { integrity } = runtimeVersion(architecture);
  return cachedFolder(`node-${architecture.name}`, [integrity, LIBRARY_PATH], (folder) => {
    const unpacked = mkdtempSync(join(DOWNLOAD_CACHE, 'npm-'));
    try {
      unpackRuntime(architecture, unpacked);
      const node = join(folder, 'node');
      copyFileSync(join(unpacked, 'bin/node'), node);
      execFileSync(`${architecture.triplet}-strip`, ['--strip-unneeded', node]);
      execFileSync('patchelf', ['--set-rpath', LIBRARY_PATH, node]);
      for (const name of ['package.json', 'LICENSE']) copyFileSync(join(unpacked, name), join(folder, name));
    } finally {
      rmSync(unpacked, { recursive: true });
    }
  });
}

/** This processor's is in node_modules; npm gets the other, which counts if it is the one that package-lock.json names. */
function unpackRuntime(architecture: Architecture, to: string): void {
  const name = `node-linux-${architecture.node}`;
  if (architecture.node === process.arch) {
    cpSync(join(PROJECT, 'node_modules', name), to, { recursive: true });
    return;
  }
  const { version, integrity } = runtimeVersion(architecture);
  const archive = downloadNpmArchive(`${name}@${version}`, integrity, to);
  execFileSync('tar', ['--extract', '--gzip', '--file', archive, '--strip-components=1', '--directory', to]);
}
