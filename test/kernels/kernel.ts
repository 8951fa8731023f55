// Kernels of Debian: the image to boot, and the modules that a guest loads.

import { copyFileSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cachedFolder } from '../../deploy/cached-folder.ts';
import { DebianArchive } from '../../deploy/debian/archive.ts';
import { extractPackages } from '../../deploy/debian/debian-root.ts';
import type { Guest } from './guests.ts';
import { runTool } from './run-tool.ts';

export interface Kernel {
  /** As uname -r. */
  readonly release: string;
  readonly image: string;
  /** Holds lib/modules/RELEASE. */
  readonly folder: string;
}

/** The guest's disk, and what tests of networks and containers need. Some kernels have them built in. */
const MODULES = ['virtio_pci', 'virtio_blk', 'veth', 'dummy', 'overlay'];

export function kernelOf({ name, suite, processor, packages, diskModules = [] }: Guest): Kernel {
  const archive = new DebianArchive({ suite, architecture: processor });
  const wanted = newestOfEachKind(archive.names(packages));
  if (wanted.length === 0) throw new Error(`${suite} has no package ${packages.source} for ${processor}`);
  const folder = cachedFolder(
    `kernel-${name}`,
    [...wanted, ...diskModules, readFileSync(import.meta.filename, 'utf8')],
    (to) => {
      const files = archive.packages(wanted).filter((file) => wanted.includes(basename(file).split('_')[0] ?? ''));
      keepKernel(files, [...MODULES, ...diskModules], to);
    },
  );
  const release = readdirSync(join(folder, 'lib/modules'))[0] ?? '';
  return { release, image: join(folder, 'vmlinuz'), folder };
}

/** A kernel is one package (linux-image-...) or several (linux-binary-..., linux-modules-...), each with the release in its name. */
function newestOfEachKind(names: readonly string[]): string[] {
  const byVersion = new Intl.Collator('en', { numeric: true });
  const kinds = Map.groupBy(names, (name) => name.split('-')[1]);
  return [...kinds.values()].map((kind) => kind.sort(byVersion.compare).at(-1) ?? '');
}

function keepKernel(packages: readonly string[], wanted: readonly string[], folder: string): void {
  const unpacked = join(folder, 'unpacked');
  extractPackages(packages, unpacked);
  const [modules] = globSync(join(unpacked, 'usr/lib/modules/*'));
  const [image] = globSync(join(unpacked, '{boot,usr/lib/modules/*}/vmlinuz*'));
  if (!modules || !image) throw new Error(`no kernel in ${packages.join(', ')}`);
  copyFileSync(image, join(folder, 'vmlinuz'));
  keepModules(unpacked, modules, wanted, folder);
  rmSync(unpacked, { recursive: true });
}

/** Copies the few modules and what they depend on, with an index of these alone. */
function keepModules(unpacked: string, modules: string, wanted: readonly string[], folder: string): void {
  const release = basename(modules);
  runTool('depmod', ['-b', unpacked, release]);
  const kept = join(folder, 'lib/modules', release);
  mkdirSync(kept, { recursive: true });
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    copyFileSync(join(modules, name), join(kept, name));
  }
  for (const name of wanted) {
    const plan = runTool('modprobe', ['-d', unpacked, '-S', release, '--show-depends', name]);
    for (const [, path] of plan.matchAll(/^insmod (\S+)/gm)) {
      if (path !== undefined) copyFileSync(path, join(kept, basename(path)));
    }
  }
  // busybox, of which the first stage is made, does not know every way of packing.
  for (const file of globSync(join(kept, '*.xz'))) runTool('xz', ['-d', file]);
  runTool('depmod', ['-b', folder, release]);
}
