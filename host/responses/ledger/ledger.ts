// What the agent has begun and what is in force: in memory, and on disk before anything of it is done.

import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAddon } from '../../capture/addon.ts';
import type { Act, LedgerEntry, Phase } from '../ledger-entry.ts';
import { type LedgerContent, LedgerError, readLedger, writeLedger } from './ledger-file.ts';
import { bootId, timeLeft } from './time-left.ts';

/** After a write that failed, as on a full disk. */
const WRITE_AGAIN_MS = 10_000;

/** Another process has the ledger: a running agent, or a command. */
export class LedgerTakenError extends Error {
  override readonly name = 'LedgerTakenError';
  readonly code = 'RESPONSES_TAKEN';
}

export type NewEntry = Omit<LedgerEntry, 'id' | 'phase' | 'boot'>;

export class Ledger {
  readonly #path: string;
  readonly #lock: FileHandle;
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #boot: string;
  #acts: readonly Act[];
  /** The writes so far, one after the other. */
  #written: Promise<void> = Promise.resolve();
  /** The write that has not begun yet; it takes all changes up to then. */
  #next: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;
  #failedWrites = 0;
  /** Why the file could not be used, if it was damaged. */
  readonly damage: string | undefined;

  private constructor(path: string, lock: FileHandle, boot: string, content: LedgerContent, damage?: string) {
    this.#path = path;
    this.#lock = lock;
    this.#boot = boot;
    this.#acts = content.boot === boot ? content.acts : [];
    this.damage = damage;
    for (const entry of content.entries) this.#entries.set(entry.id, entry);
  }

  /**
   * Opens the ledger of a folder for this process alone. A damaged one is kept under another name, and an empty one is begun: see `damage`.
   * Rejects with LedgerTakenError, or with the system's error.
   */
  static async open(folder: string): Promise<Ledger> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await open(join(folder, 'lock'), 'a', 0o600);
    try {
      if (!loadAddon().lockFile(lock.fd)) throw new LedgerTakenError(`another process uses ${folder}`);
      const path = join(folder, 'ledger');
      const boot = await bootId();
      try {
        return new Ledger(path, lock, boot, await readLedger(path));
      } catch (error) {
        if (!(error instanceof LedgerError || error instanceof SyntaxError)) throw error;
        const kept = `${path}.damaged`;
        await rename(path, kept);
        const damage = `${error.message}; it is kept as ${kept}, and what was in force is not known`;
        return new Ledger(path, lock, boot, { entries: [], acts: [], boot }, damage);
      }
    } catch (error) {
      await lock.close();
      throw error;
    }
  }

  /** What a running agent has on disk, to be shown. Rejects as readLedger(). */
  static async read(folder: string): Promise<readonly LedgerEntry[]> {
    return (await readLedger(join(folder, 'ledger'))).entries;
  }

  /** In the order in which they began. */
  get entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  get acts(): readonly Act[] {
    return this.#acts;
  }

  /** How often it could not be written since it was opened. */
  get failedWrites(): number {
    return this.#failedWrites;
  }

  entry(id: string): LedgerEntry | undefined {
    return this.#entries.get(id);
  }

  /** Whether the machine has been started again since: nothing of it is left. */
  isOfEarlierBoot({ boot }: LedgerEntry): boolean {
    return boot !== this.#boot;
  }

  /** ms until it is undone, negative when that is overdue; undefined: by people. */
  timeLeft(entry: LedgerEntry): number | undefined {
    return timeLeft(entry, this.#boot);
  }

  /** Resolves when it is on disk. @param acts when it was acted, this one included */
  async begin(entry: NewEntry, acts: readonly Act[]): Promise<LedgerEntry> {
    let id: string;
    do id = randomBytes(3).toString('hex');
    while (this.#entries.has(id));
    const begun: LedgerEntry = { ...entry, id, phase: 'doing', boot: this.#boot };
    this.#entries.set(id, begun);
    this.#acts = acts;
    try {
      await this.#write();
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
    return begun;
  }

  /** Resolves when it is on disk: for an action that leaves nothing. */
  async count(acts: readonly Act[]): Promise<void> {
    this.#acts = acts;
    await this.#write();
  }

  /** Resolves when it is on disk, to the entry as it is now; undefined if there is none. */
  async set(id: string, phase: Phase): Promise<LedgerEntry | undefined> {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const changed = { ...entry, phase };
    this.#entries.set(id, changed);
    await this.#write();
    return changed;
  }

  async remove(id: string): Promise<void> {
    if (this.#entries.delete(id)) await this.#write();
  }

  /** Resolves when all is on disk, or could not be written. */
  async close(): Promise<void> {
    clearTimeout(this.#again);
    // What could not be written before may be by now.
    if (this.#again) await this.#write().catch(() => {});
    this.#isClosed = true;
    await this.#written.catch(() => {});
    await this.#lock.close();
  }

  /** Changes while one write is under way share the next one. */
  #write(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the ledger is closed'));
    this.#next ??= this.#written
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return writeLedger(this.#path, { entries: this.entries, acts: this.#acts, boot: this.#boot });
      })
      .then(
        () => this.#writeAgainAfter(undefined),
        (error) => {
          this.#failedWrites++;
          this.#writeAgainAfter(WRITE_AGAIN_MS);
          throw error;
        },
      );
    this.#written = this.#next;
    return this.#next;
  }

  /** @param milliseconds undefined: all is written */
  #writeAgainAfter(milliseconds: number | undefined): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    if (milliseconds === undefined || this.#isClosed) return;
    this.#again = setTimeout(() => void this.#write().catch(() => {}), milliseconds);
    this.#again.unref();
  }
}
