// Reads files of unknown size: pipes and /proc report no size, and a device may have no end.

import { closeSync, openSync, readSync } from 'node:fs';

const PART_BYTES = 64 * 1024;

/**
 * The beginning of a file, whatever size it reports.
 * @param most bytes to read
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
