// Sends messages to a syslog daemon. After an outage it sends the messages that the queue still holds.

import { LineQueue } from '../line-queue.ts';
import type { OutputCounters } from '../output.ts';
import type { SyslogPlace } from './place.ts';
import { openTransport, type SyslogTransport } from './transport.ts';

export interface SyslogSenderOptions {
  /** Capacity of the queue in messages; 0, the default: some thousands. */
  readonly capacity?: number;
  /** Called with the first of consecutive errors. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** Pause before another attempt; it doubles each time. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export class SyslogSender {
  readonly #place: SyslogPlace;
  readonly #onError: (error: NodeJS.ErrnoException) => void;
  readonly #queue: LineQueue;
  #transport: SyslogTransport | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #wake: () => void = () => {};
  #working = false;
  #closed = false;
  #givenUp = false;
  #idle: (() => void)[] = [];
  #written = 0;
  #dropped = 0;
  #errors = 0;

  constructor(place: SyslogPlace, { onError, capacity }: SyslogSenderOptions) {
    this.#place = place;
    this.#onError = onError;
    this.#queue = new LineQueue(capacity);
  }

  get counters(): OutputCounters {
    return { written: this.#written, dropped: this.#dropped, errors: this.#errors, queued: this.#queue.length };
  }

  push(message: Buffer): void {
    if (this.#closed || !this.#queue.push(message)) this.#dropped++;
    else if (!this.#working) void this.#work();
  }

  async drained(): Promise<void> {
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const late = setTimeout(() => this.#giveUp(), timeoutMs);
    await this.drained();
    clearTimeout(late);
    this.#disconnect();
  }

  #giveUp(): void {
    this.#givenUp = true;
    this.#dropped += this.#queue.clear();
    this.#disconnect();
    this.#wake();
    this.#tellIdle();
  }

  /** Only once for each connection: its descriptor may be reused by the second time. */
  #disconnect(): void {
    this.#transport?.close();
    this.#transport = undefined;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let message = this.#queue.peek(); message && !this.#givenUp; message = this.#queue.peek()) {
      const failure = await this.#send(message);
      if (this.#givenUp) break;
      if (failure) await this.#recover(failure);
      else {
        this.#queue.take();
        this.#written++;
        this.#pauseMs = FIRST_PAUSE_MS;
      }
    }
    this.#working = false;
    this.#tellIdle();
  }

  async #send(message: Buffer): Promise<NodeJS.ErrnoException | undefined> {
    try {
      this.#transport ??= await openTransport(this.#place);
      if (this.#givenUp) this.#disconnect();
      await this.#transport?.send(message);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The message stays first in the queue, unless the message itself is invalid. */
  async #recover(failure: NodeJS.ErrnoException): Promise<void> {
    this.#errors++;
    if (this.#pauseMs === FIRST_PAUSE_MS) this.#onError(failure);
    if (failure.code === 'EMSGSIZE') {
      this.#queue.take();
      this.#dropped++;
      return;
    }
    this.#disconnect();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
