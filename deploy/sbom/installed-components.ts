// All that an installation has of others, in packages and images alike.

import { DebianRoot } from '../debian/debian-root.ts';
import { NEWEST, OLDEST } from '../debian/releases.ts';
import { LIBBPF, sysroot } from '../native/sysroot.ts';
import type { Architecture } from '../tree/architecture.ts';
import { libraryNames } from '../tree/native-parts.ts';
import type { Component } from './component.ts';
import { debianComponent, debianSourceComponent } from './debian-components.ts';
import { nodeComponent, npmComponents } from './npm-components.ts';

/** Packages with static libraries: of the addon, and of act. */
const LINKED_IN = ['libc6-dev', 'libgcc-12-dev', 'libstdc++-12-dev'];

/** After copyNativeParts() for the processor: libraries are those that were built. */
export function installedComponents(architecture: Architecture): Component[] {
  const debian = new DebianRoot(sysroot(architecture));
  const libraries = libraryNames(architecture).map((name) =>
    debian.ownerOf(`/usr/lib/${architecture.triplet}/${name}`),
  );
  const linkedIn = LINKED_IN.map((name) => debian.package(name));
  return [
    nodeComponent(architecture),
    ...npmComponents(architecture),
    ...[...libraries, ...linkedIn].map((one) => debianComponent(one, OLDEST)),
    debianSourceComponent('libbpf', debian.locate(`/${LIBBPF}`), NEWEST, 'LGPL-2.1-only OR BSD-2-Clause'),
  ];
}
