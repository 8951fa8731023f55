// Texts of licences that Debian has in one place, /usr/share/common-licenses. Its packages refer to them there; other systems have no such
// folder, and neither have images.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { cachedFolder } from '../cached-folder.ts';
import { DebianArchive } from '../debian/archive.ts';
import { DebianRoot, EXTRACTION, extractPackages } from '../debian/debian-root.ts';
import { NEWEST } from '../debian/releases.ts';
import type { Architecture } from '../tree/architecture.ts';

export const COMMON_LICENSES = '/usr/share/common-licenses';

/** One name, or several in braces: `GPL-2`, `{MPL-1.1,GPL-2}`. A full stop behind it is the sentence's. */
const REFERENCE = new RegExp(String.raw`${COMMON_LICENSES}/(?:\{([^}]*)\}|([A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*))`, 'g');

export interface CommonLicense {
  /** Of its file: links are followed, from GPL to GPL-3. */
  readonly name: string;
  readonly text: string;
}

/** Finds a text by its name in /usr/share/common-licenses. */
export type CommonLicenses = (name: string) => CommonLicense;

/** Those of the newest release, which has all that older ones have. */
export function commonLicenses({ name: architecture }: Architecture): CommonLicenses {
  const file = new DebianArchive({ suite: NEWEST.suite, architecture }).packageAlone('base-files');
  const debian = new DebianRoot(
    cachedFolder(`common-licenses-${architecture}`, [EXTRACTION, file], (folder) => extractPackages([file], folder)),
  );
  return (name) => {
    const path = debian.locate(`${COMMON_LICENSES}/${name}`);
    return { name: basename(path), text: readFileSync(path, 'utf8') };
  };
}

/** Names of those that a text refers to, sorted. */
export function referredLicenses(text: string): string[] {
  const names = [...text.matchAll(REFERENCE)].flatMap(([, several, one = '']) => several?.split(',') ?? [one]);
  return [...new Set(names.map((name) => name.trim()))].sort();
}
