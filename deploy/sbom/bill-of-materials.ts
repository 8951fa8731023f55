// The bill of materials of an installation, in CycloneDX 1.6.

import { Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import { version } from '../../host/diagnostics/version.ts';
import { sourceDate } from '../tree/fixed-metadata.ts';
import type { Component } from './component.ts';

/** JSON; the same for the same components. */
export function billOfMaterials(components: readonly Component[]): string {
  const product = new Models.Component(Enums.ComponentType.Application, 'wasprey', {
    bomRef: 'wasprey',
    version: version(),
    purl: `pkg:generic/wasprey@${version()}`,
    licenses: new Models.LicenseRepository([licenseOf('Apache-2.0')]),
  });
  for (const name of ['wasprey.bpf.o', 'isolate.bpf.o']) {
    product.components.add(
      new Models.Component(Enums.ComponentType.File, name, {
        bomRef: name,
        version: version(),
        description: 'BPF programs, which the kernel loads as GPL-compatible',
        licenses: new Models.LicenseRepository([licenseOf('MIT OR GPL-2.0-only')]),
      }),
    );
  }
  const metadata = new Models.Metadata({ component: product, timestamp: new Date(sourceDate() * 1000) });
  const bom = new Models.Bom({ metadata });
  for (const one of components) {
    const component = entryOf(one);
    bom.components.add(component);
    product.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`;
}

function entryOf({ name, version, purl, license, cpe, sha512 }: Component): Models.Component {
  const licenses =
    typeof license === 'string' ? [licenseOf(license)] : license.map((one) => new Models.NamedLicense(one));
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    version,
    purl,
    licenses: new Models.LicenseRepository(licenses),
    ...(cpe === undefined ? {} : { cpe }),
    ...(sha512 === undefined ? {} : { hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-512'], sha512]]) }),
  });
}

function licenseOf(expression: string): Models.License {
  return SPDX.isSupportedSpdxId(expression)
    ? new Models.SpdxLicense(expression)
    : new Models.LicenseExpression(expression);
}
