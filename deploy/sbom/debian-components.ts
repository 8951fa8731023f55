// Debian's packages of which an installation has files.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebianPackage } from '../debian/debian-root.ts';
import type { DebianRelease } from '../debian/releases.ts';
import type { Component } from './component.ts';

export function debianComponent(one: DebianPackage, release: DebianRelease): Component {
  return {
    name: one.name,
    version: one.version,
    purl: purlOf(one.name, one.version, one.architecture, release),
    license: licenseNames(one.copyright),
    licenseText: one.copyright,
  };
}

/** @param folder of the unpacked sources of a package */
export function debianSourceComponent(
  name: string,
  folder: string,
  release: DebianRelease,
  license: string,
): Component {
  const changelog = readFileSync(join(folder, 'debian/changelog'), 'utf8');
  const version = /^\S+ \(([^)]+)\)/.exec(changelog)?.[1] ?? '';
  return {
    name,
    version,
    purl: purlOf(name, version, 'source', release),
    license,
    licenseText: readFileSync(join(folder, 'debian/copyright'), 'utf8'),
  };
}

function purlOf(name: string, version: string, architecture: string, { number }: DebianRelease): string {
  const identity = `${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  return `pkg:deb/debian/${identity}?arch=${architecture}&distro=debian-${number}`;
}

/** Those that a file in Debian's machine-readable format names; its text has them where it is of the old kind. */
function licenseNames(copyright: string): string[] {
  const names = [...copyright.matchAll(/^License: *(\S.*)$/gm)].map(([, name = '']) => name.trim());
  return names.length === 0 ? ['see the copyright file'] : [...new Set(names)].sort();
}
