// Keeps audit events beside the journal, within bounds of size and age. One write at a time; nothing waits for it. When the disk fails, is full or
// does not keep up, events are left out and counted.

import { constants, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { AUDIT_LOCK, FolderLock } from '../folder-lock.ts';
import { AUDIT_FILES, type Bounds, isComplete, removeFile } from '../retention.ts';
import { StoredFiles } from '../stored-files.ts';
import { type AuditBlock, packAuditBlock } from './audit-block.ts';

const SMALLEST_FILE = 64 << 10;
/** What may wait for the disk. */
const MOST_WAITING_BYTES = 16 << 20;
const HOUSEKEEPING_MS = 30_000;
const RETRY_MS = 5_000;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface AuditStoreSettings extends Bounds {
  readonly folder: string;
}

export interface KeptEventsSummary {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Since the start. */
  readonly events: number;
  /** Events that are missing in it: the disk failed, or did not keep up. */
  readonly leftOut: number;
  /** Why it can't be written; undefined while it can. */
  readonly failure: string | undefined;
}

interface OpenFile {
  readonly path: string;
  readonly file: FileHandle;
  /** Time of its beginning, by performance.now(): the wall clock may be set. */
  readonly begun: number;
  bytes: number;
}

export class AuditStore {
  #settings: AuditStoreSettings;
  readonly #onFailure: (reason: string) => void;
  readonly #stored: StoredFiles;
  readonly #lock: FolderLock;
  #open: OpenFile | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #events = 0;
  #leftOut = 0;
  /** Dropped events that no block has counted yet. */
  #untold = 0;
  #failure: string | undefined;
  #retryAt = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param onFailure called once when it can't be written any more */
  constructor(settings: AuditStoreSettings, onFailure: (reason: string) => void) {
    this.#settings = settings;
    this.#stored = new StoredFiles(settings.folder, AUDIT_FILES);
    this.#lock = new FolderLock(settings.folder, AUDIT_LOCK);
    this.#onFailure = onFailure;
    this.#timer = setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS);
    this.#timer.unref();
  }

  /** Nobody waits for it. */
  add(block: Omit<AuditBlock, 'leftOut'>): void {
    const bytes = block.lines.length;
    if (this.#waitingBytes + bytes > MOST_WAITING_BYTES) {
      this.leaveOut(block.events);
      this.#fail('the disk does not keep up');
      return;
    }
    this.#waitingBytes += bytes;
    void this.#inTurn(() => this.#write(block))
      .catch((error: unknown) => {
        this.leaveOut(block.events);
        this.#retryAt = performance.now() + RETRY_MS;
        this.#fail(reasonOf(error));
      })
      .finally(() => {
        this.#waitingBytes -= bytes;
      });
  }

  /** Counts events that can't be kept. */
  leaveOut(events: number): void {
    this.#leftOut += events;
    this.#untold += events;
  }

  /** Other bounds apply at once. Another folder is another store. */
  setBounds(bounds: Bounds): void {
    this.#settings = { ...this.#settings, ...bounds };
    this.#keepHouse();
  }

  get summary(): KeptEventsSummary {
    return {
      folder: this.#settings.folder,
      files: this.#stored.list.length + (this.#open ? 1 : 0),
      bytes: this.#stored.bytes + this.#openBytes,
      events: this.#events,
      leftOut: this.#leftOut,
      failure: this.#failure,
    };
  }

  /** Resolves when all is written. Another agent can go on in the folder then. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(() => this.#end().finally(() => this.#lock.release())).catch(() => {});
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const own = this.#underWay.then(work);
    this.#underWay = own.catch(() => {});
    return own;
  }

  async #write(block: Omit<AuditBlock, 'leftOut'>): Promise<void> {
    if (performance.now() < this.#retryAt) {
      this.leaveOut(block.events);
      return;
    }
    const told = this.#untold;
    const packed = await packAuditBlock({ ...block, leftOut: told });
    try {
      const current = this.#open ?? (await this.#begin());
      await this.#stored.removeExpired(this.#settings, this.#openBytes + packed.length);
      await current.file.appendFile(packed);
      current.bytes += packed.length;
    } catch (error) {
      // What was written of the block is taken back: it counts nowhere, and what follows it would be harder to find.
      await this.#open?.file.truncate(this.#open.bytes).catch(() => {});
      await this.#end().catch(() => {});
      throw error;
    }
    this.#events += block.events;
    this.#untold -= told;
    // A disk that keeps up with some of it, and not with the rest, is one failure.
    if (this.#waitingBytes <= block.lines.length) this.#failure = undefined;
    await this.#endIfFull();
  }

  async #begin(): Promise<OpenFile> {
    await this.#own();
    const begun = performance.now();
    this.#open = await this.#stored.begin(Date.now(), async (path) => {
      return { path, file: await open(path, NEW_FILE, 0o600), begun, bytes: 0 };
    });
    return this.#open;
  }

  /** Makes the folder its own, before it looks what is in it: what another one has left is there then. */
  async #own(): Promise<void> {
    await this.#stored.make();
    await this.#lock.take();
    await this.#stored.open();
  }

  async #end(): Promise<void> {
    const ended = this.#open;
    if (!ended) return;
    this.#open = undefined;
    const { path, bytes, file } = ended;
    if (bytes > 0) this.#stored.add(path, bytes);
    await file.close();
    // Each attempt on a full disk would leave one.
    if (bytes === 0) await removeFile(path);
  }

  async #endIfFull(): Promise<void> {
    if (!this.#open) return;
    const { bytes, begun } = this.#open;
    if (isComplete(bytes, performance.now() - begun, this.#settings, SMALLEST_FILE)) await this.#end();
  }

  /** Nobody waits for it; what fails is reported. */
  #keepHouse(): void {
    const work = async (): Promise<void> => {
      if (!existsSync(this.#settings.folder)) return;
      await this.#own();
      await this.#stored.keepHouse(this.#settings, this.#openBytes);
      await this.#endIfFull();
    };
    void this.#inTurn(work).catch((error: unknown) => this.#fail(reasonOf(error)));
  }

  get #openBytes(): number {
    return this.#open?.bytes ?? 0;
  }

  #fail(reason: string): void {
    const isNew = this.#failure === undefined;
    this.#failure = reason;
    if (isNew) this.#onFailure(reason);
  }
}
