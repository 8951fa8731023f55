// Where a recording is read from: a file, or memory.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { RecordingError } from './format.ts';

/** Read at once at least: what is read first is most often followed by more. */
const FIRST_BYTES = 1 << 16;

export interface ByteSource {
  readonly size: number;
  /** The bytes from `at` on, fewer where there are no more. Valid until the next call. */
  read(at: number, length: number): Uint8Array;
}

/**
 * Throws RecordingError for a pipe, which can't be read here and there: opening one would wait for a writer, which nothing but a kill ends.
 * Throws the errors of stat().
 */
export function refusePipe(path: string): void {
  if (!statSync(path).isFIFO()) return;
  throw new RecordingError('RECORDING_PIPE', 'it is a pipe: write what comes from it to a file, and name that');
}

/** A file as a source of bytes. */
export class RecordingFile implements ByteSource, Disposable {
  readonly #descriptor: number;
  /** Undefined: it may grow. */
  readonly #size: number | undefined;
  // Not a Buffer: its slice() would copy nothing.
  #buffer = new Uint8Array(FIRST_BYTES);

  /**
   * Throws the errors of open().
   * @param size `growing`: it is still written, and its size is what it is when it is asked for; a number: what comes behind is left out
   */
  constructor(path: string, size?: 'growing' | number) {
    this.#descriptor = openSync(path, 'r');
    this.#size = size === 'growing' ? undefined : Math.min(fstatSync(this.#descriptor).size, size ?? Infinity);
  }

  get size(): number {
    return this.#size ?? fstatSync(this.#descriptor).size;
  }

  read(at: number, length: number): Uint8Array {
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length);
    const wanted = Math.min(length, Math.max((this.#size ?? Infinity) - at, 0));
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(this.#descriptor, this.#buffer, filled, wanted - filled, at + filled);
      if (count === 0) break;
      filled += count;
    }
    return this.#buffer.subarray(0, filled);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** What `open` returns; undefined if the file is gone: a running agent removes old ones. */
export function ifThere<Opened>(open: () => Opened): Opened | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Why such a file was not read. */
export const REMOVED = 'it was removed meanwhile';
