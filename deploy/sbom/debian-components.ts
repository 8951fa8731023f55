// Debian's packages of which an installation has files.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianPackage } from '../debian/debian-root.ts';
import type { Component } from './component.ts';

/** Releases by their names. */
const RELEASES: Readonly<Record<string, string>> = { bookworm: 'debian-12', trixie: 'debian-13' };

export function debianComponent(one: DebianPackage, suite: string): Component {
  const qualifiers = `arch=${one.architecture}&distro=${RELEASES[suite] ?? suite}`;
  return {
    name: one.name,
    version: one.version,
    purl: purlOf(one.name, one.version, qualifiers),
    license: licenseNames(one.copyright),
    licenseText: one.copyright,
  };
}

/** @param folder of the unpacked sources of a package */
export function debianSourceComponent(name: string, folder: string, suite: string, license: string): Component {
  const changelog = readFileSync(join(folder, 'debian/changelog'), 'utf8');
  const version = /^\S+ \(([^)]+)\)/.exec(changelog)?.[1] ?? '';
  return {
    name,
    version,
    purl: purlOf(name, version, `arch=source&distro=${RELEASES[suite] ?? suite}`),
    license,
    licenseText: readFileSync(join(folder, 'debian/copyright'), 'utf8'),
  };
}

function purlOf(name: string, version: string, qualifiers: string): string {
  return `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${qualifiers}`;
}

/** Those that a file in Debian's machine-readable format names; its text has them where it is of the old kind. */
function licenseNames(copyright: string): string[] {
  const names = [...copyright.matchAll(/^License: *(\S.*)$/gm)].map(([, name = '']) => name.trim());
  return names.length === 0 ? ['see the copyright file'] : [...new Set(names)].sort();
}
