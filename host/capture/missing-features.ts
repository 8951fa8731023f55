// What a kernel lacks besides hooks, without any event being missed, and clauses for people about it.

import { release } from 'node:os';
import { loadAddon } from './addon.ts';

export interface MissingFeatures {
  /** Operations of io_uring; absent if unknown. */
  readonly missingIoUringOperations?: readonly string[];
  /** Whether programs read the kernel's memory without probes. */
  readonly hasDirectReads: boolean;
}

/** Asks the kernel. */
export function missingFeatures(): MissingFeatures {
  const operations = loadAddon().missingIoUringOperations();
  return { ...(operations && { missingIoUringOperations: operations }), hasDirectReads: hasDirectReads() };
}

/** From 6.2 on each kernel has them. To look for them takes 20 ms of a start, so older ones alone are asked. */
function hasDirectReads(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number.parseFloat);
  return major > 6 || (major === 6 && minor >= 2) || loadAddon().hasDirectReads();
}

/** @param operations of io_uring, at least one */
export function describeMissingOperations(operations: readonly string[]): string {
  return `the kernel's io_uring lacks ${operations.join(', ')}: no process can use them`;
}

/** The consequence of a kernel without bpf_rdonly_cast; times as in native/bpf/kernel.h. */
export const PROBES_MEMORY =
  'the kernel lacks bpf_rdonly_cast: its memory is read by probes, each some 15 times as long as a direct read, so that each captured call costs more';
