// The papers of an installation: what it is made of, and under which licences.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.ts';
import type { Component } from './component.ts';

export const SBOM_FILE = 'sbom.cdx.json';
export const LICENSES_FILE = 'THIRD-PARTY-LICENSES';

/** @param home Wasprey's folder in the tree */
export function writePapers(home: string, components: readonly Component[]): void {
  const sorted = [...components].sort((one, other) => (one.purl < other.purl ? -1 : 1));
  const unique = sorted.filter(({ purl }, index) => purl !== sorted[index - 1]?.purl);
  writeFileSync(join(home, SBOM_FILE), billOfMaterials(unique));
  writeFileSync(join(home, LICENSES_FILE), licensesText(unique));
}

function licensesText(components: readonly Component[]): string {
  const line = '='.repeat(80);
  return components
    .map(({ name, version, license, licenseText }) => {
      const names = typeof license === 'string' ? license : license.join(', ');
      return `${line}\n${name} ${version}: ${names}\n${line}\n\n${licenseText.trim()}\n`;
    })
    .join('\n');
}
