// A bounded queue of lines for a file descriptor. Writes do not block: a pipe that nobody reads, or a stopped terminal,
// only fills the queue.

import { write, writeSync } from 'node:fs';
import type { LineBatch } from './line-batch.ts';
import { LineQueue } from './line-queue.ts';
import type { OutputCounters } from './output.ts';

/** Pause before another attempt on a descriptor that is not writable. */
const RETRY_MS = 5;

export interface LineWriterOptions {
  /** Default: the queue's. */
  readonly capacity?: number;
  /** The descriptor never blocks: what is pushed at once is written without the detour through a thread of Node's pool. */
  readonly isNonBlocking?: boolean;
}

export class LineWriter {
  readonly #descriptor: number;
  readonly #isNonBlocking: boolean;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  readonly #queue: LineQueue;
  /** Being written. */
  #current: LineBatch | undefined;
  #busy = false;
  #closed = false;
  /** Abandoned or flushed: the descriptor may be closed by now. */
  #ended = false;
  #failing = false;
  #idle: (() => void)[] = [];
  #written = 0;
  #dropped = 0;
  #errors = 0;

  /** `onError` is called with the first of consecutive errors; lines of a failed write are dropped. */
  constructor(
    descriptor: number,
    onError: (error: NodeJS.ErrnoException) => void,
    { capacity, isNonBlocking = false }: LineWriterOptions = {},
  ) {
    this.#descriptor = descriptor;
    this.#isNonBlocking = isNonBlocking;
    this.#onError = onError;
    this.#queue = new LineQueue(capacity);
  }

  /** `line` without its end. */
  push(line: string): void {
    if (this.#closed || !this.#queue.push(Buffer.from(`${line}\n`))) this.#dropped++;
    else if (!this.#busy) this.#begin();
  }

  get counters(): OutputCounters {
    const queued = this.#queue.length + (this.#current?.lines ?? 0);
    return { written: this.#written, dropped: this.#dropped, errors: this.#errors, queued };
  }

  /** Resolves when the queue is empty. */
  async drained(): Promise<void> {
    if (this.#busy && !this.#ended) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when the queue is empty or the time is over; remaining lines are dropped. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    if (this.#busy) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#ended = true;
    this.#dropped += this.#queue.clear() + (this.#current?.lines ?? 0);
    this.#current = undefined;
    this.#tellIdle();
  }

  #begin(): void {
    this.#busy = true;
    // Alerts of the same message from the engine come before it: they are one write.
    if (this.#isNonBlocking) queueMicrotask(() => this.#next());
    else this.#next();
  }

  #next(): void {
    for (;;) {
      if (this.#ended) return;
      this.#current ??= this.#queue.takeBatch();
      this.#busy = this.#current !== undefined;
      if (!this.#current) {
        this.#tellIdle();
        return;
      }
      if (!this.#isNonBlocking) {
        write(this.#descriptor, this.#current.rest, (error, count) => {
          if (this.#wrote(error, count)) this.#next();
        });
        return;
      }
      if (!this.#writeNow(this.#current.rest)) return;
    }
  }

  /** Whether to go on. */
  #writeNow(bytes: Buffer): boolean {
    let count = 0;
    try {
      count = writeSync(this.#descriptor, bytes);
    } catch (error) {
      return this.#wrote(error as NodeJS.ErrnoException, 0);
    }
    return this.#wrote(null, count);
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Whether to go on at once. */
  #wrote(error: NodeJS.ErrnoException | null, count: number): boolean {
    const batch = this.#current;
    if (!batch) return false; // given up
    if (error?.code === 'EAGAIN') {
      setTimeout(() => this.#next(), RETRY_MS);
      return false;
    }
    if (error) {
      this.#errors++;
      this.#dropped += batch.lines;
      this.#current = undefined;
      if (!this.#failing) this.#onError(error);
      this.#failing = true;
    } else {
      this.#failing = false;
      this.#written += batch.take(count);
      if (batch.rest.length === 0) this.#current = undefined;
    }
    return true;
  }
}
