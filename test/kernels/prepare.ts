// All that guests are booted with, made when it is missing.

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BUILD } from '../../host/setup/paths.mjs';
import { guestBuild } from './guest-build.ts';
import { type Guest, guestNamed } from './guests.ts';
import { packInitramfs } from './initramfs.ts';
import { kernelOf } from './kernel.ts';
import type { MachineParts } from './machine.ts';
import { minimalRoot } from './minimal-root.ts';
import { prime } from './prime.ts';
import { type Step, stepsOf } from './steps.ts';

/** Console logs, and what is kept of each guest. */
export const RESULTS = join(BUILD, 'kernels');

/** Makes what takes long, one thing after the other, before the first guest's time begins. */
export function prepareGuests(files: readonly string[]): void {
  const guests = files.map((file) => guestNamed(basename(file, '.test.ts')));
  for (const guest of guests) {
    kernelOf(guest);
    rootOf(guest);
    guestBuild(guest.processor);
    prime(stepsOf(guest));
  }
}

/** What one guest is booted with. */
export function prepareGuest(guest: Guest, steps: readonly Step[]): Omit<MachineParts, 'log' | 'limitSeconds'> {
  mkdirSync(RESULTS, { recursive: true });
  const kernel = kernelOf(guest);
  const { disk, busybox } = rootOf(guest);
  prime(steps);
  const initramfs = join(RESULTS, `${guest.name}.cpio`);
  packInitramfs({ guest, kernel, busybox, build: guestBuild(guest.processor), steps }, initramfs);
  return { processor: guest.processor, kernelImage: kernel.image, initramfs, disk };
}

function rootOf(guest: Guest): ReturnType<typeof minimalRoot> {
  return minimalRoot(guest.processor);
}
