// All that a guest is booted with, made when it is missing.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../host/setup/lock.mjs';
import { BUILD } from '../../host/setup/paths.mjs';
import { buildLoadPrograms, buildTestPrograms, packageFiles, releaseBuild } from './guest-build.ts';
import type { Guest, GuestSuite } from './guests.ts';
import { type GuestBuild, packInitramfs } from './initramfs.ts';
import { kernelOf } from './kernel.ts';
import type { MachineParts } from './machine.ts';
import { minimalRoot, type Root } from './minimal-root.ts';
import { prime } from './prime.ts';
import { setUpRoot } from './set-up-root.ts';
import { type Step, usesPackage } from './steps.ts';

/** What is built once for all guests. */
const FOLDER = join(BUILD, 'kernels');

/** Console logs, and what is kept of each guest. */
export function resultsFolder(suite: GuestSuite): string {
  return join(BUILD, suite);
}

/**
 * What one guest is booted with. What is not there yet is made: downloads and roots beside those of other guests, then, a guest at a
 * time, what is built and compiled in the working tree.
 */
export function bootParts(
  guest: Guest,
  steps: readonly Step[],
  results: string,
): Omit<MachineParts, 'log' | 'limitSeconds'> {
  for (const folder of [FOLDER, results]) mkdirSync(folder, { recursive: true });
  const kernel = kernelOf(guest);
  const root: Root & { readonly project?: string } =
    guest.root === 'minimal' ? minimalRoot(guest.processor) : setUpRoot();
  const initramfs = join(results, `${guest.name}.cpio`);
  const { release } = takeLock(join(FOLDER, 'lock'), () => {});
  try {
    const build = buildFor(guest, root.project);
    const installed = usesPackage(steps) ? packageFiles(guest.processor) : undefined;
    prime(steps);
    packInitramfs({ guest, kernel, busybox: root.busybox, build, installed, steps }, initramfs);
  } finally {
    release();
  }
  return { processor: guest.processor, kernelImage: kernel.image, initramfs, disk: root.disk };
}

/** @param project a working tree that was set up in the guest's root; without it the guest has the build for releases */
function buildFor({ processor }: Guest, project: string | undefined): GuestBuild {
  const tests = { loadPrograms: buildLoadPrograms(processor), testPrograms: buildTestPrograms(processor) };
  if (project === undefined) return { ...releaseBuild(processor), ...tests };
  return { sources: project, folder: join(project, 'build'), ...tests };
}
