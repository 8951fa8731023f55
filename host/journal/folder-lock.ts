// Who writes segments into a folder: one agent at a time. Those of two would have each event twice, and each would remove what the other keeps.

import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { loadAddon } from '../capture/addon.ts';

/** Of the folder itself, so that there is no file to leave behind. The kernel ends it with the process. */
export class FolderLock {
  readonly #folder: string;
  #handle: FileHandle | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get isHeld(): boolean {
    return this.#handle !== undefined;
  }

  /** Rejects if another one has it, and with the errors of open() and stat(). */
  async take(): Promise<void> {
    if (this.#handle && isSame(await this.#handle.stat(), await stat(this.#folder))) return;
    await this.release();
    const handle = await open(this.#folder);
    if (!canLock(handle.fd)) {
      await handle.close();
      throw new Error('another journal is kept there, most likely by another agent');
    }
    this.#handle = handle;
  }

  /** Never rejects. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
  }
}

/** False if another one has it. File systems that have no locks refuse nobody. */
function canLock(fd: number): boolean {
  try {
    return loadAddon().lockFile(fd);
  } catch {
    return true;
  }
}

/** Whether the folder is still there, and was not replaced by another one. */
function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
