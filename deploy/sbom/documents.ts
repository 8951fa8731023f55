// The papers of an installation: what it is made of, and under which licences.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.ts';
import { COMMON_LICENSES, type CommonLicenses, referredLicenses } from './common-licenses.ts';
import type { Component } from './component.ts';

export const SBOM_FILE = 'sbom.cdx.json';
export const LICENSES_FILE = 'THIRD-PARTY-LICENSES';

const LINE = '='.repeat(80);

/**
 * @param home Wasprey's folder in the tree
 * @param find the texts of licences that components refer to
 */
export function writeDocuments(home: string, components: readonly Component[], find: CommonLicenses): void {
  const sorted = [...components].sort((one, other) => (one.purl < other.purl ? -1 : 1));
  const unique = sorted.filter(({ purl }, index) => purl !== sorted[index - 1]?.purl);
  writeFileSync(join(home, SBOM_FILE), billOfMaterials(unique));
  writeFileSync(join(home, LICENSES_FILE), licensesText(unique, find));
}

/** Those of the components, then each text once that they refer to by its place on Debian's systems. */
export function licensesText(components: readonly Component[], find: CommonLicenses): string {
  const own = components.map(({ name, version, license, licenseText }) => {
    const names = typeof license === 'string' ? license : license.join(', ');
    return section(`${name} ${version}: ${names}`, licenseText);
  });
  const referred = new Map<string, { readonly places: string[]; readonly text: string }>();
  for (const name of referredLicenses(own.join('\n'))) {
    const { name: file, text } = find(name);
    const known = referred.get(file) ?? { places: [], text };
    known.places.push(`${COMMON_LICENSES}/${name}`);
    referred.set(file, known);
  }
  const texts = [...referred.values()].map(({ places, text }) => section(places.join(', '), text));
  const note = `Texts that are referred to by ${COMMON_LICENSES} are at the end of this file.\n`;
  return [...(texts.length > 0 ? [note] : []), ...own, ...texts].join('\n');
}

function section(title: string, text: string): string {
  return `${LINE}\n${title}\n${LINE}\n\n${text.trim()}\n`;
}
