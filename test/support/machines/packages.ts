// The packages that test/package/ is about, made once for all its files.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePackages } from '../../../deploy/package/packages.ts';
import { ARCHITECTURES, type Architecture } from '../../../deploy/tree/architecture.ts';
import { version } from '../../../host/diagnostics/version.ts';
import { BUILD } from '../../../host/setup/paths.mjs';

const FOLDER = join(BUILD, 'package-tests');

export async function makeTestPackages(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const architecture of ARCHITECTURES) await makePackages(architecture, FOLDER);
}

/** Path of the Debian package. */
export function debFile({ name }: Architecture): string {
  return join(FOLDER, `wasprey_${version()}_${name}.deb`);
}

/** Path of the archive of the same files. */
export function archiveFile({ name }: Architecture): string {
  return join(FOLDER, `wasprey-${version()}-linux-${name}.tar.gz`);
}

/** Counts as newer than the version of the packages. */
export const NEXT_VERSION = `${version()}+next`;

/** Makes a copy of a package the next version, not compressed. */
export function makeNextVersion(deb: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-next-'));
  try {
    execFileSync('dpkg-deb', ['--raw-extract', deb, folder]);
    const control = join(folder, 'DEBIAN/control');
    const text = readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${NEXT_VERSION}`);
    writeFileSync(control, text);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, deb], { stdio: 'ignore' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
