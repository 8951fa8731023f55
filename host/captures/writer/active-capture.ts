// One capture while it is made: the thread that writes it, and what has to reach the thread in order.

import { Worker } from 'node:worker_threads';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Captured } from '../notes/capture-notes.ts';
import type { Segment } from './capture-writer.ts';
import type { FromWriter, ToWriter, WriterStart } from './protocol.ts';

const THREAD = new URL('capture-worker.ts', import.meta.url);
/** A disk that does not answer holds nothing up at the end. */
const CLOSE_MS = 5_000;
/** Blocks, of 1 MB at most, that wait for the thread; more are left out. */
const MOST_WAITING = 64;

/** What was before the alert. */
export interface BeforeEvents {
  readonly segments: readonly Segment[];
  /** A sentence on what is missing in it. */
  readonly missing?: string;
}

export class ActiveCapture {
  readonly #thread: Worker;
  readonly #done = Promise.withResolvers<FromWriter>();
  /** Until what was before is there. */
  #waiting: Uint8Array[] | undefined = [];
  #leftOut = 0;

  constructor(start: WriterStart) {
    this.#thread = new Worker(THREAD, { workerData: start, stdout: false, stderr: false });
    this.#thread.on('message', (message: FromWriter) => this.#done.resolve(message));
    this.#thread.on('error', (error) => this.#fail(reasonOf(error)));
    this.#thread.on('exit', () => this.#fail('its thread has ended'));
    this.#thread.unref();
  }

  before({ segments, missing }: BeforeEvents): void {
    this.#post({ kind: 'before', segments, ...(missing !== undefined && { missing }) });
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const payload of waiting) this.block(payload);
  }

  /** A block of what is captured. It is copied for each capture. */
  block(payload: Uint8Array): void {
    if (!this.#waiting) this.#post({ kind: 'block', payload });
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(payload);
    else this.#leftOut++;
  }

  alert(captured: Captured): void {
    this.#post({ kind: 'alert', captured });
  }

  /** Ends it. @param cuts sentences on what is missing */
  async end(dropped: number, seconds: number, cuts: readonly string[]): Promise<FromWriter> {
    const own = this.#leftOut > 0 ? [`${this.#leftOut} blocks of events are missing: the disk did not keep up.`] : [];
    this.#post({ kind: 'end', dropped, seconds, cuts: [...cuts, ...own] });
    const timer = setTimeout(() => this.#fail('the disk does not answer'), CLOSE_MS);
    const outcome = await this.#done.promise;
    clearTimeout(timer);
    await this.#thread.terminate();
    return outcome;
  }

  #post(message: ToWriter): void {
    this.#thread.postMessage(message);
  }

  #fail(reason: string): void {
    this.#done.resolve({ kind: 'failed', reason });
  }
}
