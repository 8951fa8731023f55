// Makes a Debian package of a package's files.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '../../host/diagnostics/version.ts';
import { OLDEST_GLIBC } from '../debian/releases.ts';
import type { Architecture } from '../tree/architecture.ts';
import { fixMetadata, sourceDate } from '../tree/fixed-metadata.ts';
import { MAINTAINER } from './maintainer.ts';
import { CONFIGURATION } from './package-tree.ts';

const SCRIPTS = join(import.meta.dirname, 'scripts');

/** @param root from makePackageTree()  @param to the package file */
export function makeDeb(root: string, architecture: Architecture, to: string): void {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  const control = join(root, 'DEBIAN');
  mkdirSync(control);
  try {
    writeFileSync(join(control, 'control'), controlText(root, files, architecture));
    writeFileSync(join(control, 'conffiles'), `/${CONFIGURATION}\n`);
    writeFileSync(
      join(control, 'md5sums'),
      files
        .filter((path) => path !== CONFIGURATION)
        .map((path) => md5Line(root, path))
        .join(''),
    );
    for (const name of readdirSync(SCRIPTS)) copyFileSync(join(SCRIPTS, name), join(control, name));
    fixMetadata(control);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z2', '--build', root, to], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(sourceDate()) },
    });
  } finally {
    rmSync(control, { recursive: true });
  }
}

function controlText(root: string, files: readonly string[], { name }: Architecture): string {
  const kilobytes = files.reduce((sum, path) => sum + Math.ceil(statSync(join(root, path)).size / 1024), 0);
  return `Package: wasprey
Version: ${version()}
Architecture: ${name}
Maintainer: ${MAINTAINER}
Installed-Size: ${kilobytes}
Depends: libc6 (>= ${OLDEST_GLIBC})
Section: admin
Priority: optional
Description: runtime security agent for Linux and Kubernetes
 Watches what processes do, by eBPF, and raises an alert when a rule says that
 something is wrong: a shell in a container, a file written below /etc, a
 program that was dropped and run. Takes the rules and the configuration of
 Falco; rules are compiled to WebAssembly.
`;
}

function md5Line(root: string, path: string): string {
  return `${createHash('md5')
    .update(readFileSync(join(root, path)))
    .digest('hex')}  ${path}\n`;
}
