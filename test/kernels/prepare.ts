// All that guests are booted with, made when it is missing.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';
import { buildLoadPrograms, releaseBuild } from './guest-build.ts';
import { type Guest, guestNamed } from './guests.ts';
import { type GuestBuild, packInitramfs } from './initramfs.ts';
import { type Kernel, kernelOf } from './kernel.ts';
import type { MachineParts } from './machine.ts';
import { minimalRoot, type Root } from './minimal-root.ts';
import { prime } from './prime.ts';
import { setUpRoot } from './set-up-root.ts';
import { type Step, stepsOf } from './steps.ts';

/** Console logs, and what is kept of each guest. */
export const RESULTS = join(BUILD, 'kernels');

/** What a guest is booted with, but for what is of one boot alone. */
interface Parts {
  readonly kernel: Kernel;
  readonly root: Root;
  readonly build: GuestBuild;
}

/**
 * Makes what takes long, one thing after the other, before the first guest's time begins.
 * @param files of the guests' tests
 */
export function prepareGuests(files: readonly string[]): void {
  mkdirSync(RESULTS, { recursive: true });
  for (const guest of files.map((file) => guestNamed(basename(file, '.test.ts')))) {
    process.stderr.write(`kernels: preparing ${guest.name}\n`);
    const parts: Parts = { kernel: kernelOf(guest), ...rootAndBuild(guest) };
    prime(stepsOf(guest));
    writeFileSync(partsFile(guest), JSON.stringify(parts));
  }
}

function rootAndBuild({ root, processor }: Guest): Omit<Parts, 'kernel'> {
  const loadPrograms = buildLoadPrograms(processor);
  if (root === 'minimal') return { root: minimalRoot(processor), build: { ...releaseBuild(processor), loadPrograms } };
  const { project, ...setUp } = setUpRoot();
  return { root: setUp, build: { sources: project, folder: join(project, 'build'), loadPrograms } };
}

const partsFile = ({ name }: Guest): string => join(RESULTS, `${name}.parts.json`);

/** What one guest is booted with; prepareGuests() has made it. */
export function bootParts(guest: Guest, steps: readonly Step[]): Omit<MachineParts, 'log' | 'limitSeconds'> {
  const { kernel, root, build } = JSON.parse(readFileSync(partsFile(guest), 'utf8')) as Parts;
  const initramfs = join(RESULTS, `${guest.name}.cpio`);
  packInitramfs({ guest, kernel, busybox: root.busybox, build, steps }, initramfs);
  return { processor: guest.processor, kernelImage: kernel.image, initramfs, disk: root.disk };
}
