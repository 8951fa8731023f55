// Files of /proc, which vanish with their process: undefined if a file is gone or may not be read.

import { closeSync, type Dir, opendirSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import type { TimeLimit } from './time-limit.ts';

const CHUNK = Buffer.alloc(1 << 16);

/** The first `most` bytes of a file, or those that were read within the time. Undefined if the file is missing or can't be read. */
export function readBytes(path: string, most = 1 << 20, limit?: TimeLimit): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const parts: Buffer[] = [];
    let left = most;
    while (left > 0 && !limit?.isOver) {
      const count = readSync(descriptor, CHUNK, 0, Math.min(left, CHUNK.length), null);
      if (count === 0) break;
      parts.push(Buffer.from(CHUNK.subarray(0, count)));
      left -= count;
    }
    return Buffer.concat(parts);
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

export function readText(path: string, most?: number, limit?: TimeLimit): string | undefined {
  return readBytes(path, most, limit)?.toString('utf8');
}

export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The names in a folder that are numbers, ascending. */
export function numbersIn(path: string): number[] {
  try {
    return readdirSync(path)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((one, other) => one - other);
  } catch {
    return [];
  }
}

/** The first numbers in a folder that has them in their order. No others are read: a process may have a million open files. */
export function firstNumbersIn(path: string, most: number): number[] {
  let folder: Dir;
  try {
    folder = opendirSync(path, { bufferSize: 256 });
  } catch {
    return [];
  }
  const numbers: number[] = [];
  try {
    while (numbers.length < most) {
      const entry = folder.readSync();
      if (!entry) break;
      if (/^\d+$/.test(entry.name)) numbers.push(Number(entry.name));
    }
  } catch {
    // The process has ended meanwhile.
  } finally {
    folder.closeSync();
  }
  return numbers;
}

/** Texts that end with a zero byte each, as in cmdline and environ. */
export function zeroEnded(bytes: Buffer): string[] {
  const texts = bytes.toString('utf8').split('\0');
  if (texts.at(-1) === '') texts.pop();
  return texts;
}
