// All that a guest is booted with, made when it is missing.

import { join } from 'node:path';
import type { Guest } from './guests.ts';
import { guestBuild } from './guest-build.ts';
import { packInitramfs } from './initramfs.ts';
import { kernelOf } from './kernel.ts';
import { minimalRoot } from './minimal-root.ts';
import type { MachineParts } from './machine.ts';
import type { Step } from './steps.ts';

/** @param folder for the initramfs, which is of this boot alone */
export function prepareGuest(
  guest: Guest,
  steps: readonly Step[],
  folder: string,
): Omit<MachineParts, 'log' | 'limitSeconds'> {
  const kernel = kernelOf(guest);
  const { disk, busybox } = minimalRoot(guest.processor);
  const build = guestBuild(guest.processor);
  const initramfs = join(folder, `${guest.name}.cpio`);
  packInitramfs({ guest, kernel, busybox, build, steps }, initramfs);
  return { processor: guest.processor, kernelImage: kernel.image, initramfs, disk };
}
