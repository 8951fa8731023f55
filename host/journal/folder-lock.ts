// Who writes files of one kind into a folder: one agent at a time. Those of two would have each event twice, and each would remove what the other keeps.

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAddon } from '../capture/addon.ts';

const NEW_OR_OLD = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;

/** What is locked, and the error if another process holds it. */
export interface LockedKind {
  /** A file in the folder, which stays there. Undefined: the folder itself. */
  readonly file?: string;
  /** What another agent writes there: `its journal` */
  readonly content: string;
}

/** A lock of the folder itself, so that there is no file to leave behind. */
export const JOURNAL_LOCK: LockedKind = { content: 'its journal' };
/** A file: one agent may keep the journal in a folder, and another one the audit events. */
export const AUDIT_LOCK: LockedKind = { file: 'audit.lock', content: 'audit events' };

/** The kernel ends it with the process. */
export class FolderLock {
  readonly #path: string;
  readonly #kind: LockedKind;
  #handle: FileHandle | undefined;

  constructor(folder: string, kind: LockedKind) {
    this.#kind = kind;
    this.#path = kind.file === undefined ? folder : join(folder, kind.file);
  }

  get isHeld(): boolean {
    return this.#handle !== undefined;
  }

  /** Rejects if another one has it, and with the errors of open() and stat(). */
  async take(): Promise<void> {
    if (this.#handle && isSame(await this.#handle.stat(), await this.#there())) return;
    await this.release();
    const handle = await (this.#kind.file === undefined ? open(this.#path) : open(this.#path, NEW_OR_OLD, 0o600));
    if (!canLock(handle.fd)) {
      await handle.close();
      throw new Error(`another agent is probably writing ${this.#kind.content} to this folder`);
    }
    this.#handle = handle;
  }

  /** Never rejects. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => {});
  }

  /** Undefined if somebody has removed the file; a folder that is gone is an error. */
  async #there(): Promise<Stats | undefined> {
    if (this.#kind.file === undefined) return await stat(this.#path);
    return await stat(this.#path).catch(() => undefined);
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

/** Whether it is still there, and was not replaced by another one. */
function isSame(one: Stats, other: Stats | undefined): boolean {
  return other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
