// Reads files whose size is not known before: a pipe and /proc tell none, and a device may have no end.

import { closeSync, openSync, readSync } from 'node:fs';

const PART_BYTES = 64 * 1024;

/**
 * The beginning of a file, whatever size it says it has.
 * @param most bytes; no more are read
 * @throws what open(2) and read(2) do
 */
export function readBeginning(path: string, most: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    for (let left = most; left > 0; ) {
      const part = Buffer.alloc(Math.min(left, PART_BYTES));
      const count = readSync(descriptor, part);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(descriptor);
  }
}
