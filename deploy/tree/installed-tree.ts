// The files of an installed Wasprey, the same in the package and in the image: its folder with all that it runs, the program in PATH,
// and the folders of its configuration and state.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUNTIME_OPTIONS } from '../../host/setup/runtime.mjs';
import { sysroot } from '../native/sysroot.ts';
import type { Architecture } from './architecture.ts';
import { copyNativeParts } from './native-parts.ts';
import { copyNodePackages } from './node-packages.ts';
import { copyRuntime, runtimeProgram } from './node-runtime.ts';
import { copyPortableParts } from './portable-parts.ts';

/** Where Wasprey is in the tree. */
export const HOME = 'usr/lib/wasprey';

/** Of compiled rules and of Node's compiled code; the agent's state; rules of the machine's own. */
const FOLDERS = ['var/cache/wasprey', 'var/lib/wasprey', 'etc/wasprey/rules.d'];

/** @param root an empty folder */
export async function makeInstalledTree(root: string, architecture: Architecture): Promise<void> {
  const home = join(root, HOME);
  mkdirSync(home, { recursive: true });
  await copyPortableParts(home);
  copyNodePackages(home, architecture);
  copyRuntime(home, architecture);
  copyNativeParts(home, architecture, sysroot(architecture));
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  // The rules that come with Wasprey are where people look for them, too.
  symlinkSync(`/${HOME}/rules`, join(root, 'etc/wasprey/rules'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/wasprey'), launcher(architecture), { mode: 0o755 });
}

/** Finds the folder by its own place, since the archive may be unpacked anywhere. */
function launcher(architecture: Architecture): string {
  return `#!/bin/sh
self=$0
[ ! -L "$self" ] || self=$(readlink -f "$self")
home=\${self%/*}/../lib/wasprey
# What is compiled is kept outside of the installation.
export WASPREY_CACHE="\${WASPREY_CACHE:-/var/cache/wasprey}"
# One heap of the C library for all threads: what a thread frees serves the others.
export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-1}"
exec "$home/${runtimeProgram(architecture)}" ${RUNTIME_OPTIONS.join(' ')} "$home/host/cli/main.js" "$@"
`;
}
