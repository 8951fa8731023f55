// Writes lines to a file that others may move away, and that is renamed when it is full. No call blocks this thread: a hanging disk or
// file server only fills the queue.

import { close, constants, fstat, open, rename, write } from 'node:fs';
import { promisify } from 'node:util';
import { LineBatch } from './line-batch.ts';
import { LineQueue } from './line-queue.ts';
import type { OutputCounters } from './output.ts';

export interface FileWriterOptions {
  /** Otherwise the file is reopened for each write, so that a file that was moved away is released at once. */
  readonly keepOpen: boolean;
  /** A larger file, in bytes, is renamed to `.1`, and so on; 0: no limit. */
  readonly mostBytes: number;
  /** Number of renamed files to keep. */
  readonly keptFiles: number;
  readonly capacity?: number;
  /** Called with the first of consecutive errors. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** Without O_NONBLOCK, opening a named pipe would wait for its reader. */
export const OPEN_FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Only for its owner: alerts show what happens on the machine. */
export const FILE_MODE = 0o600;

/** Pause before another attempt on a full pipe. */
const RETRY_MS = 5;
const NEWLINE = Buffer.from('\n');

const openFile = promisify(open);
const closeFile = promisify(close);
const renameFile = promisify(rename);
const statFile = promisify(fstat);

export class FileWriter {
  readonly #path: string;
  readonly #options: FileWriterOptions;
  readonly #queue: LineQueue;
  #descriptor: number | undefined;
  /** Size of the open file, as far as known here. */
  #bytes = 0;
  /** The file ends with an incomplete line. */
  #torn = false;
  #reopen = false;
  /** Being written. */
  #current: LineBatch | undefined;
  #working = false;
  #closed = false;
  #givenUp = false;
  #failing = false;
  #idle: (() => void)[] = [];
  #written = 0;
  #dropped = 0;
  #errors = 0;

  /** @param descriptor the file, open already */
  constructor(path: string, descriptor: number, options: FileWriterOptions) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#options = options;
    this.#queue = new LineQueue(options.capacity);
    // Reads its size, and closes it unless it stays open.
    this.#reopen = !options.keepOpen;
    this.#start();
  }

  get counters(): OutputCounters {
    const queued = this.#queue.length + (this.#current?.lines ?? 0);
    return { written: this.#written, dropped: this.#dropped, errors: this.#errors, queued };
  }

  push(line: Buffer): void {
    if (this.#closed || !this.#queue.push(line)) this.#dropped++;
    else this.#start();
  }

  /** Reopens the file by its name. */
  reopen(): void {
    this.#reopen = true;
    this.#start();
  }

  async drained(): Promise<void> {
    if (this.#working) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#start();
    const late = setTimeout(() => {
      this.#givenUp = true;
      this.#dropped += this.#queue.clear() + (this.#current?.lines ?? 0);
      this.#current = undefined;
      this.#tellIdle();
    }, timeoutMs);
    await this.drained();
    clearTimeout(late);
  }

  #start(): void {
    if (this.#working || this.#givenUp) return;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#descriptor !== undefined && this.#options.mostBytes > 0 && this.#bytes === 0) await this.#learnSize();
    do {
      if (this.#reopen) await this.#renew();
      for (let batch = this.#next(); batch; batch = this.#next()) await this.#writeBatch(batch);
      if (this.#closed || !this.#options.keepOpen) await this.#release();
    } while (this.#reopen || this.#queue.length > 0);
    this.#working = false;
    this.#tellIdle();
  }

  #next(): LineBatch | undefined {
    this.#current = this.#givenUp ? undefined : this.#queue.takeBatch();
    return this.#current;
  }

  async #writeBatch(batch: LineBatch): Promise<void> {
    try {
      await this.#rotateIfFull(batch.rest.length);
      this.#descriptor ??= await this.#open();
      if (this.#torn) await this.#writeAll(this.#descriptor, new LineBatch([NEWLINE]));
      await this.#writeAll(this.#descriptor, batch);
      this.#failing = false;
    } catch (error) {
      await this.#release();
      this.#errors++;
      this.#dropped += this.#current?.lines ?? 0;
      if (!this.#failing) this.#options.onError(error as NodeJS.ErrnoException);
      this.#failing = true;
    }
    this.#current = undefined;
  }

  async #writeAll(descriptor: number, batch: LineBatch): Promise<void> {
    while (batch.rest.length > 0 && !this.#givenUp) {
      const count = await writeSome(descriptor, batch.rest);
      this.#bytes += count;
      const whole = batch.take(count);
      // Lines given up meanwhile are already counted as dropped; the rest of a line is not a line.
      if (batch === this.#current) this.#written += whole;
      if (count > 0) this.#torn = batch.isTorn;
      if (count === 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #open(): Promise<number> {
    const descriptor = await openFile(this.#path, OPEN_FLAGS, FILE_MODE);
    this.#descriptor = descriptor;
    await this.#learnSize();
    return descriptor;
  }

  /** Never rejects: errors of the file are found and reported at the next write. */
  async #learnSize(): Promise<void> {
    if (this.#descriptor !== undefined) {
      const { size } = await statFile(this.#descriptor).catch(() => ({ size: 0 }));
      this.#bytes = size;
    }
    // Another file.
    if (this.#bytes === 0) this.#torn = false;
  }

  /** A failure to open is reported at the next write. */
  async #renew(): Promise<void> {
    await this.#release();
    if (this.#options.keepOpen && !this.#closed) await this.#open().catch(() => {});
  }

  async #release(): Promise<void> {
    this.#reopen = false;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#bytes = 0;
    if (descriptor !== undefined) await closeFile(descriptor).catch(() => {});
  }

  async #rotateIfFull(more: number): Promise<void> {
    const { mostBytes, keptFiles } = this.#options;
    if (mostBytes === 0) return;
    // The file may have been filled by an agent before, or by others.
    this.#descriptor ??= await this.#open();
    if (this.#bytes === 0 || this.#bytes + more <= mostBytes) return;
    await this.#release();
    for (let number = keptFiles - 1; number >= 0; number--) {
      const from = number === 0 ? this.#path : `${this.#path}.${number}`;
      await renameFile(from, `${this.#path}.${number + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** @returns the number of bytes written; 0 for a full pipe */
function writeSome(descriptor: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, count) => {
      if (error && error.code !== 'EAGAIN') reject(error);
      else resolve(error ? 0 : count);
    });
  });
}
