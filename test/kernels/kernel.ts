// Kernels of Debian: the image to boot, and the modules that a guest loads.

import { copyFileSync, globSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cachedFolder } from './cached.ts';
import { run, unpackNewest } from './debian.ts';
import type { Guest } from './guests.ts';

export interface Kernel {
  /** As uname -r. */
  readonly release: string;
  readonly image: string;
  /** Holds lib/modules/RELEASE. */
  readonly folder: string;
}

/** The guest's disk, and what tests of networks and containers need. Some kernels have them built in. */
const MODULES = ['virtio_pci', 'virtio_blk', 'veth', 'dummy', 'overlay'];

export async function kernelOf(guest: Guest): Promise<Kernel> {
  const madeFrom = [guest.suite, guest.packages.source, ...MODULES];
  const folder = await cachedFolder(`kernel-${guest.name}`, madeFrom, (to) => fetchKernel(guest, to));
  const release = readdirSync(join(folder, 'lib/modules'))[0] ?? '';
  return { release, image: join(folder, 'vmlinuz'), folder };
}

async function fetchKernel({ suite, processor, packages }: Guest, folder: string): Promise<void> {
  const unpacked = join(folder, 'unpacked');
  await unpackNewest(suite, processor, packages, unpacked);
  const [modules] = globSync(join(unpacked, '{usr/,}lib/modules/*'));
  const [image] = globSync(join(unpacked, '{boot,usr/lib/modules/*}/vmlinuz*'));
  if (!modules || !image) throw new Error(`no kernel in ${packages.source}`);
  copyFileSync(image, join(folder, 'vmlinuz'));
  await keepModules(modules, folder);
  rmSync(unpacked, { recursive: true });
}

/** Copies the few modules and what they depend on, with an index of these alone. */
async function keepModules(all: string, folder: string): Promise<void> {
  const release = basename(all);
  const base = all.slice(0, all.indexOf('/lib/modules/'));
  await run('depmod', ['-b', base, release]);
  const kept = join(folder, 'lib/modules', release);
  mkdirSync(kept, { recursive: true });
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    copyFileSync(join(all, name), join(kept, name));
  }
  for (const name of MODULES) {
    const plan = await run('modprobe', ['-d', base, '-S', release, '--show-depends', name]);
    for (const [, path] of plan.matchAll(/^insmod (\S+)/gm)) {
      if (path !== undefined) copyFileSync(path, join(kept, basename(path)));
    }
  }
  // Unpacked: the modprobe of the first stage is busybox's, which does not know every way of packing.
  for (const file of globSync(join(kept, '*.xz'))) await run('xz', ['-d', file]);
  await run('depmod', ['-b', folder, release]);
}
