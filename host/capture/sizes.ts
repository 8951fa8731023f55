// Sizes of a capture's regions, by what the machine has.

import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { MEGABYTE } from '../diagnostics/numbers.ts';
import type { CaptureSizes } from './native.ts';

/** Rings are as the CPUs need (native/src/source/plan.h). */
export const DEFAULT_SIZES: CaptureSizes = {
  imageBudget: 64 * MEGABYTE,
  containerBudget: 4 * MEGABYTE,
};

/** An image takes 1.5 KB with short texts, and up to 4 KB with long ones, which are cut before the table is full. */
const IMAGE_BYTES = 4096;
const MOST_IMAGE_MEMORY = 256 * MEGABYTE;

/** A replay puts all events into one ring, whatever CPU they came from, and has what the largest machine had. */
export const REPLAY_SIZES: CaptureSizes = {
  ...DEFAULT_SIZES,
  ringBudget: 1 * MEGABYTE,
  imageBudget: MOST_IMAGE_MEMORY,
  cpus: 1,
};

export interface Machine {
  /** How many processes and threads may be alive (/proc/sys/kernel/pid_max). */
  readonly mostProcesses: number;
  /** Bytes of memory. */
  readonly memory: number;
  /** Bytes that the agent's control group may have; undefined: no limit. */
  readonly limit: number | undefined;
}

/** Memory that the table of process images may take. It has only what it needs: the rest is not allocated. */
export function imageBudget({ mostProcesses, memory, limit = Number.POSITIVE_INFINITY }: Machine): number {
  const wanted = Math.min(mostProcesses * IMAGE_BYTES, memory / 32, limit / 4, MOST_IMAGE_MEMORY);
  return Math.max(DEFAULT_SIZES.imageBudget, Math.floor(wanted));
}

/** Sizes of a capture of this machine. @param ringMegabytes of all rings together; 0 or undefined: as the CPUs need */
export function machineSizes(ringMegabytes = 0): CaptureSizes {
  return { ...DEFAULT_SIZES, imageBudget: imageBudget(thisMachine()), ringBudget: ringMegabytes * MEGABYTE };
}

function thisMachine(): Machine {
  const memory = totalmem();
  const limit = process.constrainedMemory();
  return {
    mostProcesses: Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')),
    memory,
    // Without a limit it is 0, or a number beyond all memory.
    limit: limit > 0 && limit < memory ? limit : undefined,
  };
}
