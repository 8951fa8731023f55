// The package files of a processor.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../host/diagnostics/version.ts';
import type { Architecture } from '../tree/architecture.ts';
import { makeTar } from '../tree/tar.ts';
import { makeDeb } from './deb.ts';
import { makePackageTree } from './package-tree.ts';

/** @param folder that gets the files  @returns their paths */
export async function makePackages(architecture: Architecture, folder: string): Promise<string[]> {
  const deb = join(folder, `wasprey_${version()}_${architecture.name}.deb`);
  const tar = join(folder, `wasprey-${version()}-linux-${architecture.name}.tar`);
  const root = mkdtempSync(join(tmpdir(), 'wasprey-package-'));
  try {
    await makePackageTree(root, architecture);
    makeTar(root, tar);
    // Without the time of its making.
    execFileSync('gzip', ['--no-name', '--force', tar]);
    makeDeb(root, architecture, deb);
  } finally {
    rmSync(root, { recursive: true });
  }
  return [deb, `${tar}.gz`];
}
