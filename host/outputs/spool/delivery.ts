// Delivers alerts to a receiver that may be slow, failing or unreachable: in order, with retries until it accepts them, from a spool
// on disk or, without one, from a bounded queue in memory. Nothing here blocks the caller.

import { randomUUID } from 'node:crypto';
import type { Spool } from './spool.ts';

/** The result of an attempt. `refused`: the parcel itself is invalid, so the receiver will never accept it. */
export type Attempt =
  | { readonly kind: 'taken' }
  | { readonly kind: 'failed'; readonly reason: string; readonly waitMs?: number }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Parcel {
  /** For receivers that detect duplicates by it. */
  readonly key: string;
  readonly content: Buffer;
}

export interface DeliveryOptions {
  /** Sends some parcels at once; does not reject. */
  readonly send: (parcels: readonly Parcel[], signal: AbortSignal) => Promise<Attempt>;
  /** Parcels in one attempt. */
  readonly atOnce: number;
  /** Undefined: parcels wait in memory, and are lost with the process. */
  readonly spool: Spool | undefined;
  /** Parcels that wait in memory: for the disk, or without a spool for the receiver. */
  readonly mostInMemory: number;
  /** Called when delivery begins to fail, not each time, and when it works again. */
  readonly onTrouble: (trouble: DeliveryTrouble) => void;
}

export type DeliveryTrouble =
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'full' }
  | { readonly kind: 'disk'; readonly reason: string };

export interface DeliveryCounters {
  readonly delivered: number;
  /** There was no room for them, in memory or on disk. */
  readonly overflowed: number;
  readonly refused: number;
  /** They could not be read back from disk. */
  readonly damaged: number;
  readonly failedAttempts: number;
  /** Waiting in memory and on disk, and bytes on disk. */
  readonly waiting: number;
  readonly spoolBytes: number;
}

/** `number` is that of the spool; undefined: it is only in memory. */
type Waiting = Parcel & { readonly number: bigint | undefined };

/** Most bytes that may wait in memory: a single alert may have some hundred KB. */
const MOST_BYTES = 32 * 1024 * 1024;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #incoming: Buffer[] = [];
  /** Parcels that the spool had no room for, or could not write: delivered when nothing else waits. */
  readonly #aside: Buffer[] = [];
  /** Bytes of both. */
  #bytes = 0;
  /** Passed to send() and not accepted yet. */
  #pending: readonly Waiting[] = [];
  /** Taken from the spool, and sent one by one: the receiver has refused them as a group. */
  readonly #single: Waiting[] = [];
  readonly #memoryId = randomUUID();
  #memoryNumber = 0;
  #storing: Promise<void> | undefined;
  #wake: () => void = () => {};
  readonly #stop = new AbortController();
  #closing = false;
  readonly #ended: Promise<void>;
  #counts = { delivered: 0, overflowed: 0, refused: 0, failedAttempts: 0 };
  #failing = false;
  #refusing = false;
  #full = false;
  #diskFails = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Never blocks and never throws. */
  push(content: Buffer): void {
    const isFull = this.#incoming.length >= this.#options.mostInMemory || this.#bytes + content.length > MOST_BYTES;
    if (this.#closing || isFull) {
      this.#overflow();
      return;
    }
    this.#incoming.push(content);
    this.#bytes += content.length;
    // At once, independent of the receiver: parcels on disk are safe.
    void this.#store().then(() => this.#wake());
  }

  get counters(): DeliveryCounters {
    const { spool } = this.#options;
    const inMemory = [...this.#pending, ...this.#single].filter(({ number }) => number === undefined).length;
    const waiting = this.#incoming.length + this.#aside.length + inMemory + (spool?.waiting ?? 0);
    return { ...this.#counts, damaged: spool?.damaged ?? 0, waiting, spoolBytes: spool?.bytes ?? 0 };
  }

  /** True when nothing waits any more. */
  get idle(): boolean {
    return this.counters.waiting === 0;
  }

  /** Delivers waiting parcels for that long; the rest stays in the spool, or without one is lost and counted. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    const timer = setTimeout(() => this.#stop.abort(), timeoutMs);
    this.#wake();
    await this.#ended;
    clearTimeout(timer);
    // An attempt may end before all parcels that arrived meanwhile are on disk.
    await this.#store();
    const { spool } = this.#options;
    this.#counts.overflowed += this.counters.waiting - (spool?.waiting ?? 0);
    for (const list of [this.#incoming, this.#aside, this.#single]) list.length = 0;
    this.#pending = [];
    if (spool) await this.#onDisk(() => spool.close());
  }

  async #run(): Promise<void> {
    let wait = FIRST_WAIT_MS;
    while (!this.#stop.signal.aborted) {
      await this.#store();
      if (this.#pending.length === 0) await this.#take();
      if (this.#pending.length === 0) {
        if (this.#incoming.length > 0) continue;
        this.#full = false;
        if (this.#closing) return;
        await this.#sleep(undefined);
        continue;
      }
      const attempt = await this.#options.send(this.#pending, this.#stop.signal);
      if (attempt.kind === 'failed') {
        // An attempt that the shutdown aborted is not a failure of the receiver.
        if (this.#stop.signal.aborted) return;
        this.#counts.failedAttempts++;
        if (!this.#failing) this.#options.onTrouble({ kind: 'failing', reason: attempt.reason });
        this.#failing = true;
        await this.#pause(attempt.waitMs ?? jittered(wait));
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        continue;
      }
      wait = FIRST_WAIT_MS;
      if (attempt.kind === 'refused' && this.#pending.length > 1) {
        // Send each alone to find the one that it refuses.
        this.#single.push(...this.#pending);
        this.#pending = [];
      } else await this.#settle(attempt);
    }
    await this.#store();
  }

  async #settle(attempt: Attempt): Promise<void> {
    if (attempt.kind === 'refused') {
      this.#counts.refused += this.#pending.length;
      // Only the first of consecutive refusals: the report itself may be refused as well.
      if (!this.#refusing) this.#options.onTrouble({ kind: 'refused', reason: attempt.reason });
      this.#refusing = true;
    } else {
      this.#counts.delivered += this.#pending.length;
      if (this.#failing) this.#options.onTrouble({ kind: 'recovered' });
      this.#failing = false;
      this.#refusing = false;
    }
    const last = this.#pending.at(-1)?.number;
    this.#pending = [];
    const { spool } = this.#options;
    if (spool && last !== undefined) await this.#onDisk(() => spool.deliver(last));
  }

  /** Moves parcels from memory to the spool; resolves when all of them are there. */
  #store(): Promise<void> {
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = undefined;
    });
    return this.#storing;
  }

  async #storeAll(): Promise<void> {
    const { spool } = this.#options;
    if (!spool) return;
    for (let content = this.#incoming[0]; content; content = this.#incoming[0]) {
      const kept = await this.#onDisk(() => spool.append(content));
      this.#incoming.shift();
      const isAside = !kept && this.#aside.length < this.#options.mostInMemory;
      if (isAside) this.#aside.push(content);
      else this.#bytes -= content.length;
      if (!kept && !isAside) this.#overflow();
    }
  }

  /** The next parcels, from the spool or from memory. */
  async #take(): Promise<void> {
    const { spool, atOnce } = this.#options;
    const [single] = this.#single.splice(0, 1);
    if (single) this.#pending = [single];
    else if (spool) {
      const records = (await this.#onDisk(() => spool.read(atOnce))) ?? [];
      this.#pending = records.map((record) => ({ key: spool.keyOf(record), ...record }));
    }
    if (this.#pending.length > 0) return;
    const queue = spool ? this.#aside : this.#incoming;
    const next = queue.splice(0, atOnce);
    for (const { length } of next) this.#bytes -= length;
    this.#pending = next.map((content) => ({
      key: `${this.#memoryId}-${++this.#memoryNumber}`,
      content,
      number: undefined,
    }));
  }

  async #onDisk<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work();
      this.#diskFails = false;
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#diskFails) this.#options.onTrouble({ kind: 'disk', reason });
      this.#diskFails = true;
      return undefined;
    }
  }

  #overflow(): void {
    this.#counts.overflowed++;
    if (!this.#full) this.#options.onTrouble({ kind: 'full' });
    this.#full = true;
  }

  /** Waits before another attempt. */
  async #pause(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.#stop.signal.aborted; left = until - performance.now()) {
      await this.#sleep(left);
    }
  }

  /** Waits until a parcel arrives, delivery ends, or the time is over. */
  async #sleep(milliseconds: number | undefined): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
    this.#wake = resolve;
    signal.addEventListener('abort', this.#wake);
    await promise;
    signal.removeEventListener('abort', this.#wake);
    this.#wake = () => {};
    clearTimeout(timer);
  }
}

/** Keeps the agents of a cluster from retrying at the same time. */
function jittered(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() / 2);
}
