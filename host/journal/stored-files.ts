// The complete files of one kind in a journal's folder, as the one who adds to them knows them: new names, and what goes to stay within the bounds.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AgeClock } from './age-clock.ts';
import {
  type Bounds,
  expired,
  type FileKind,
  removeFile,
  removeOldOthers,
  type StoredFile,
  storedFiles,
} from './retention.ts';

export class StoredFiles {
  readonly #folder: string;
  readonly #kind: FileKind;
  readonly #clock = new AgeClock();
  /** Undefined before the folder was read. */
  #files: readonly StoredFile[] | undefined;

  constructor(folder: string, kind: FileKind) {
    this.#folder = folder;
    this.#kind = kind;
  }

  /** Oldest first; none before the folder was read. */
  get list(): readonly StoredFile[] {
    return this.#files ?? [];
  }

  get bytes(): number {
    return this.list.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Makes the folder, if it is not there. Rejects with the errors of mkdir(). */
  async make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Makes it, and reads it once. Rejects with the errors of mkdir() and readdir(). */
  async open(): Promise<void> {
    await this.make();
    this.#files ??= await storedFiles(this.#folder, this.#kind);
  }

  /**
   * A file of a new name.
   * @param create rejects with EEXIST where the name is taken
   */
  async begin<File>(milliseconds: number, create: (path: string) => Promise<File>): Promise<File> {
    for (let number = 0; ; number++) {
      try {
        return await create(join(this.#folder, this.#kind.name(milliseconds, number)));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
    }
  }

  /** A file is complete now. */
  add(path: string, bytes: number): void {
    this.#files = [...this.list, { path, bytes, ended: Date.now() }];
  }

  /**
   * Removes those that are expired beside so many bytes. Rejects with the errors of unlink().
   * @param onRemoved called for each
   */
  async removeExpired(bounds: Bounds, beside: number, onRemoved?: (file: StoredFile) => void): Promise<void> {
    for (const file of expired(this.list, bounds, beside, this.#clock.now())) {
      await removeFile(file.path);
      this.#files = this.list.filter((each) => each !== file);
      onRemoved?.(file);
    }
  }

  /** Removes expired files of this kind, and files of other kinds that are too old. Call it periodically. */
  async keepHouse(bounds: Bounds, beside: number, onRemoved?: (file: StoredFile) => void): Promise<void> {
    await this.removeExpired(bounds, beside, onRemoved);
    await removeOldOthers(this.#folder, this.#kind, bounds, this.#clock.now());
  }
}
