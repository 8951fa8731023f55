// A file that a command writes, which may be there already. It is made beside its place, and moved there when there is something in it: a recording
// once events are recorded, an export when it is complete. A failure leaves the earlier file as it was. A process that has the earlier file open, or
// the user that made it, can't read this one. A link is replaced, not followed: in a folder of others it may lead to any file of root's.

import { randomBytes } from 'node:crypto';
import { closeSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import { pipeWithReader } from './pipe-with-reader.ts';

export class ReplacedFile {
  readonly #path: string;
  readonly #beside: string | undefined;
  /** Descriptor of a pipe, which then has a writer all the time. */
  readonly #pipe: number | undefined;
  #inode: bigint | undefined;

  /** @throws {RecordingError} if it is a pipe that nobody reads */
  constructor(path: string) {
    this.#path = path;
    const there = statSync(path, { throwIfNoEntry: false });
    this.#pipe = there?.isFIFO() ? pipeWithReader(path) : undefined;
    // What is not a regular file, such as /dev/null, is written to where it is.
    this.#beside = there && !there.isFile() ? undefined : `${path}.${randomBytes(6).toString('hex')}.new`;
  }

  /** Where it is written to, and whether it has to be made. */
  get target(): { readonly path: string; readonly how: 'new' | 'over' } {
    return this.#beside === undefined ? { path: this.#path, how: 'over' } : { path: this.#beside, how: 'new' };
  }

  /** Moves it to its place. Throws the errors of rename(). */
  moveIntoPlace(): void {
    if (this.#beside === undefined) return;
    this.#inode = lstatSync(this.#beside, { bigint: true }).ino;
    renameSync(this.#beside, this.#path);
  }

  /** Whether it is no longer at its place. */
  get isRemoved(): boolean {
    if (this.#inode === undefined) return false;
    return lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino !== this.#inode;
  }

  /** When nothing is written any more. Removes it, unless it is at its place. */
  close(): void {
    if (this.#pipe !== undefined) closeSync(this.#pipe);
    if (this.#beside !== undefined && this.#inode === undefined) rmSync(this.#beside, { force: true });
  }
}
