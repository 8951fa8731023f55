// Writes the journal: blocks of the worker become segments in a folder, within bounds of size and age. One write at a time; nothing waits for it.
// When the disk fails or is full, blocks are left out and counted, until a new segment can be written.

import { reasonOf } from '../diagnostics/system-reason.ts';
import type { JournalBlock } from '../engine/messages/journal-block.ts';
import type { RecordingFacts } from '../recording/format.ts';
import { FolderLock, JOURNAL_LOCK } from './folder-lock.ts';
import { type Bounds, isComplete, SEGMENTS, type StoredFile } from './retention.ts';
import { packBlock, Segment } from './segment.ts';
import { StoredFiles } from './stored-files.ts';

const SMALLEST_SEGMENT = 256 << 10;
/** Between attempts to write again. */
const RETRY_MS = 5_000;
const TIMER_MS = 5_000;
const HOUSEKEEPING_MS = 30_000;
const SLOW_MS = 10_000;

export interface JournalSettings extends Bounds {
  readonly folder: string;
}

export interface JournalSummary {
  readonly folder: string;
  /** In the folder now. */
  readonly segments: number;
  readonly bytes: number;
  /** Since the start. */
  readonly events: number;
  readonly writtenBytes: number;
  readonly removed: number;
  /** Events that are missing in it: the disk failed, or did not keep up. */
  readonly leftOut: number;
  /** Why it can't be written, in one line; undefined while it can. */
  readonly failure: string | undefined;
}

export interface StoreHost {
  /** What each segment says of the machine, but for its start. */
  readonly facts: () => Omit<RecordingFacts, 'started'>;
  /** Events that were dropped before they reached the journal, since the start. */
  readonly dropped: () => number;
  /** Makes the worker begin a segment. */
  readonly beginSegment: () => void;
  /** Called once when it can't be written any more, and once when it can again. */
  readonly onFailure: (error: unknown) => void;
  readonly onRecovery: (leftOut: number) => void;
}

export class JournalStore {
  readonly #host: StoreHost;
  #settings: JournalSettings;
  readonly #stored: StoredFiles;
  readonly #lock: FolderLock;
  #segment: Segment | undefined;
  /** Paths of the segments of this run: images of others have the same numbers. */
  readonly #own = new Set<string>();
  #isAsked = false;
  #underWay: Promise<void> = Promise.resolve();
  #events = 0;
  #writtenBytes = 0;
  #removed = 0;
  #leftOut = 0;
  #failure: string | undefined;
  /** Value of `leftOut` when a block was written last. */
  #leftOutBefore = 0;
  #retryAt = 0;
  /** Events that are in no segment, when one ended last: dropped, or left out. */
  #lostBefore = 0;
  /** When the work under way began, by performance.now(). */
  #writesSince = Number.POSITIVE_INFINITY;
  #houseKeptAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(settings: JournalSettings, host: StoreHost) {
    this.#settings = settings;
    this.#stored = new StoredFiles(settings.folder, SEGMENTS);
    this.#lock = new FolderLock(settings.folder, JOURNAL_LOCK);
    this.#host = host;
    this.#timer = setInterval(() => this.#onTimer(), TIMER_MS);
    this.#timer.unref();
  }

  /** Resolves when the block is written or left out. Never rejects. */
  add(block: JournalBlock): Promise<void> {
    return this.#inTurn(() => this.#take(block));
  }

  /** Counts events that the segment lacks, behind the blocks so far. */
  leftOut(events: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#leftOut += events;
    });
  }

  /** The files of this run that have events since then, in order, each with its bytes when all blocks so far are written. @param since ms */
  async recent(since: number): Promise<{ readonly path: string; readonly bytes: number }[]> {
    let files: { path: string; bytes: number }[] = [];
    await this.#inTurn(async () => {
      const ended = this.#stored.list.filter((each) => each.ended >= since && this.#own.has(each.path));
      files = [...ended, ...(this.#segment ? [this.#segment] : [])].map(({ path, bytes }) => ({ path, bytes }));
    });
    return files;
  }

  /** Other bounds apply at once. Another folder is another store. */
  setBounds(bounds: Bounds): void {
    this.#settings = { ...this.#settings, ...bounds };
    void this.#inTurn(() => this.#keepHouse());
  }

  /** Ends the segment, after all blocks. Another agent can go on in the folder then. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#inTurn(() => this.#endSegment().finally(() => this.#lock.release()));
  }

  get summary(): JournalSummary {
    return {
      folder: this.#settings.folder,
      segments: this.#stored.list.length + (this.#segment ? 1 : 0),
      bytes: this.#stored.bytes + this.#openBytes,
      events: this.#events,
      writtenBytes: this.#writtenBytes,
      removed: this.#removed,
      leftOut: this.#leftOut,
      failure: this.#failure,
    };
  }

  /** One after the other; what fails is reported, and does not keep the next from being tried. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#underWay = this.#underWay
      .then(() => {
        this.#writesSince = performance.now();
        return work();
      })
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#writesSince = Number.POSITIVE_INFINITY;
      });
    return this.#underWay;
  }

  #onTimer(): void {
    this.#checkPace();
    const now = performance.now();
    if (now - this.#houseKeptAt < HOUSEKEEPING_MS || this.#writesSince !== Number.POSITIVE_INFINITY) return;
    this.#houseKeptAt = now;
    void this.#inTurn(() => this.#keepHouse());
  }

  async #take(block: JournalBlock): Promise<void> {
    this.#leftOut += block.leftOut;
    let events = block.extent.events;
    try {
      if (block.begins) await this.#beginSegment();
      const segment = this.#segment;
      if (!segment) {
        this.#askAgain();
        return;
      }
      const packed = await packBlock(block);
      await this.#stored.removeExpired(this.#settings, this.#openBytes + packed.stored.length, this.#onRemoved);
      const before = segment.bytes;
      await segment.write(packed);
      this.#events += events;
      this.#writtenBytes += segment.bytes - before;
      events = 0;
      this.#succeeded();
      this.#askWhenFull(segment);
    } finally {
      this.#leftOut += events;
    }
  }

  /**
   * The worker begins a segment when it can; blocks are written to this one until then. When the clock was set, one begins at once: the times of a
   * segment lie between its begin and its end.
   */
  #askWhenFull(segment: Segment): void {
    if (this.#isAsked) return;
    const { bytes, milliseconds } = segment;
    if (segment.isOfOtherClock || isComplete(bytes, milliseconds, this.#settings, SMALLEST_SEGMENT)) this.#ask();
  }

  #ask(): void {
    this.#isAsked = true;
    this.#host.beginSegment();
  }

  #askAgain(): void {
    if (performance.now() < this.#retryAt) return;
    this.#retryAt = performance.now() + RETRY_MS;
    this.#ask();
  }

  async #beginSegment(): Promise<void> {
    this.#isAsked = false;
    await this.#endSegment();
    await this.#stored.make();
    await this.#lock.take();
    // What the one before has left is there now.
    await this.#stored.open();
    await this.#stored.removeExpired(this.#settings, 0, this.#onRemoved);
    const now = Date.now();
    const facts = { ...this.#host.facts(), started: BigInt(now) * 1_000_000n };
    this.#segment = await this.#stored.begin(now, (path) => Segment.create(path, facts));
    this.#own.add(this.#segment.path);
  }

  async #endSegment(): Promise<void> {
    const segment = this.#segment;
    if (!segment) return;
    this.#segment = undefined;
    const lost = this.#host.dropped() + this.#leftOut;
    try {
      await segment.close(Math.max(lost - this.#lostBefore, 0));
    } finally {
      this.#lostBefore = lost;
      this.#stored.add(segment.path, segment.bytes);
    }
  }

  async #keepHouse(): Promise<void> {
    if (!this.#lock.isHeld) return;
    await this.#stored.keepHouse(this.#settings, this.#openBytes, this.#onRemoved);
    if (this.#segment) this.#askWhenFull(this.#segment);
  }

  get #openBytes(): number {
    return this.#segment?.bytes ?? 0;
  }

  readonly #onRemoved = ({ path }: StoredFile): void => {
    this.#own.delete(path);
    this.#removed++;
  };

  /** The rest of the segment would lack what could not be written. */
  async #failed(error: unknown): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment) {
      this.#stored.add(segment.path, segment.bytes);
      await segment.abandon();
    }
    this.#retryAt = performance.now() + RETRY_MS;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    const isNew = this.#failure === undefined;
    this.#failure = reasonOf(error);
    if (isNew) this.#host.onFailure(error);
  }

  /** A block was written. */
  #succeeded(): void {
    const leftOut = this.#leftOut - this.#leftOutBefore;
    this.#leftOutBefore = this.#leftOut;
    // The worker has left events out although no write has failed.
    if (leftOut > 0) this.#fail(new Error('the disk does not keep up'));
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#host.onRecovery(leftOut);
  }

  /** Reports a write that takes long. */
  #checkPace(): void {
    if (performance.now() - this.#writesSince > SLOW_MS) this.#fail(new Error('the disk does not answer'));
  }
}
