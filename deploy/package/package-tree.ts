// The files of the package: the installed tree with the service, the configuration, and what people and their shells read.

import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { version } from '../../host/diagnostics/version.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { commonLicenses } from '../sbom/common-licenses.ts';
import { writeDocuments } from '../sbom/documents.ts';
import { installedComponents } from '../sbom/installed-components.ts';
import type { Architecture } from '../tree/architecture.ts';
import { fixMetadata, sourceDate } from '../tree/fixed-metadata.ts';
import { HOME, makeInstalledTree } from '../tree/installed-tree.ts';
import { writeCompletions, writeManPages } from './documents.ts';
import { MAINTAINER } from './maintainer.ts';

/** The configuration, which an administrator changes. */
export const CONFIGURATION = 'etc/wasprey/wasprey.yaml';

const FILES = {
  'wasprey.yaml': CONFIGURATION,
  'wasprey.service': 'usr/lib/systemd/system/wasprey.service',
  copyright: 'usr/share/doc/wasprey/copyright',
  'lintian-overrides': 'usr/share/lintian/overrides/wasprey',
};

/** @param root an empty folder */
export async function makePackageTree(root: string, architecture: Architecture): Promise<void> {
  await makeInstalledTree(root, architecture);
  writeDocuments(join(root, HOME), installedComponents(architecture), commonLicenses(architecture));
  for (const [from, to] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(join(PROJECT, 'deploy/package', from), join(root, to));
  }
  const share = join(root, 'usr/share');
  const date = new Date(sourceDate() * 1000);
  await writeManPages(share, date);
  for (const page of globSync(join(share, 'man/**/*.[1-9]'))) compress(page);
  await writeCompletions(share);
  const changes = join(share, 'doc/wasprey/changelog');
  writeFileSync(changes, changelog(date));
  compress(changes);
  fixMetadata(root);
}

/** As Debian wants manuals and lists of changes. */
function compress(path: string): void {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
}

/** Debian's tools want one; the project's own is its history. */
function changelog(date: Date): string {
  const time = date.toUTCString().replace('GMT', '+0000');
  return `wasprey (${version()}) unstable; urgency=medium\n\n  * Release ${version()}.\n\n -- ${MAINTAINER}  ${time}\n`;
}
