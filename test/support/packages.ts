// The packages that test/package/ is about, made once for all its files.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makePackages } from '../../deploy/package/packages.ts';
import { ARCHITECTURES, type Architecture } from '../../deploy/tree/architecture.ts';
import { version } from '../../host/cli/version.ts';
import { BUILD } from '../../host/setup/paths.mjs';

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
