// SHA-256 of the files of a state, within a time and a number of bytes. A file that several have is read once.

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { TimeLimit } from './time-limit.ts';

/** What is known of a file, from when it was looked at. */
interface Looked {
  readonly inode: number;
  readonly size: number;
}

const CHUNK_BYTES = 1 << 20;

export class Hashes {
  readonly #known = new Map<string, string>();
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #left: number;
  #omitted = 0;

  constructor(mostBytes: number) {
    this.#left = mostBytes;
  }

  /** Files that were left out because of a bound. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Closes an open file and returns its hash. Undefined if it is another file than the one that was examined, can't be read, or a bound is reached. */
  of(descriptor: number, looked: Looked, limit: TimeLimit): string | undefined {
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile() || stats.ino !== looked.inode || stats.size !== looked.size) return undefined;
      const file = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}`;
      const known = this.#known.get(file);
      if (known !== undefined) return known;
      const hash = this.#hash(descriptor, stats.size, limit);
      if (hash === undefined) this.#omitted++;
      else this.#known.set(file, hash);
      return hash;
    } catch {
      return undefined;
    } finally {
      closeSync(descriptor);
    }
  }

  #hash(descriptor: number, size: number, limit: TimeLimit): string | undefined {
    if (size > this.#left) return undefined;
    const hash = createHash('sha256');
    for (;;) {
      if (limit.isOver) return undefined;
      const count = readSync(descriptor, this.#chunk, 0, CHUNK_BYTES, null);
      if (count === 0) return hash.digest('hex');
      this.#left -= count;
      if (this.#left < 0) return undefined;
      hash.update(this.#chunk.subarray(0, count));
    }
  }
}
