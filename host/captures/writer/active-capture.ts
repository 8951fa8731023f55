// One capture while it is made: the thread that writes it, and what has to reach the thread in order.

import { Worker } from 'node:worker_threads';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { entryFile } from '../../setup/entries.mjs';
import { type Captured, MOST_ALERTS } from '../notes/capture-notes.ts';
import type { Segment } from './capture-writer.ts';
import type { FromWriter, Outcome, ToWriter, WriterStart } from './protocol.ts';

/** A source here, JavaScript in a package. */
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
  readonly #done = Promise.withResolvers<Outcome>();
  readonly #exited = Promise.withResolvers<void>();
  /** What comes after it, until what was before is there. */
  #waiting: ToWriter[] | undefined = [];
  /** Blocks that the thread has not written. */
  #blocks = 0;
  #blocksLeftOut = 0;
  #alerts = 1;
  #alertsLeftOut = 0;

  constructor(start: WriterStart) {
    this.#thread = new Worker(entryFile('capture'), { workerData: start, stdout: false, stderr: false });
    this.#thread.on('message', (message: FromWriter) => {
      if (message.kind === 'written') this.#blocks--;
      else this.#done.resolve(message);
    });
    this.#thread.on('error', (error) => this.#fail(reasonOf(error)));
    this.#thread.on('exit', () => {
      this.#fail('its thread has ended');
      this.#exited.resolve();
    });
    this.#thread.unref();
  }

  /** How it ended; before end() if it failed. */
  get outcome(): Promise<Outcome> {
    return this.#done.promise;
  }

  /** The thread is gone. Never, if it waits for a file system that does not answer: nothing can end it then. */
  get exited(): Promise<void> {
    return this.#exited.promise;
  }

  /** Once; later calls do nothing. */
  before({ segments, missing }: BeforeEvents): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    this.#send({ kind: 'before', segments, ...(missing !== undefined && { missing }) });
    for (const message of waiting) this.#send(message);
  }

  /** A block of what is captured. It is copied for each capture. */
  block(payload: Uint8Array): void {
    if (this.#blocks >= MOST_WAITING) {
      this.#blocksLeftOut++;
      return;
    }
    this.#blocks++;
    this.#send({ kind: 'block', payload });
  }

  /** Blocks that the thread has not written yet. */
  get waitingBlocks(): number {
    return this.#blocks;
  }

  alert(captured: Captured): void {
    if (this.#alerts >= MOST_ALERTS) {
      this.#alertsLeftOut++;
      return;
    }
    this.#alerts++;
    this.#send({ kind: 'alert', captured });
  }

  /** Ends it. @param cuts sentences on what is missing */
  async end(dropped: number, seconds: number, cuts: readonly string[]): Promise<Outcome> {
    this.before({ segments: [], missing: 'Events before the alert are missing: they did not come in time.' });
    this.#send({ kind: 'end', dropped, seconds, cuts: [...cuts, ...this.#ownCuts()] });
    const timer = setTimeout(() => this.#fail('the disk, or a file system of a process, does not answer'), CLOSE_MS);
    const outcome = await this.#done.promise;
    clearTimeout(timer);
    // Not awaited: a thread that waits for a file system does not end.
    void this.#thread.terminate();
    return outcome;
  }

  #ownCuts(): string[] {
    const cuts: string[] = [];
    if (this.#blocksLeftOut > 0) {
      cuts.push(`${this.#blocksLeftOut} blocks of events are missing: they could not be written as fast as they came.`);
    }
    if (this.#alertsLeftOut > 0) {
      cuts.push(`${this.#alertsLeftOut} later alerts are missing: a capture has ${MOST_ALERTS} at most.`);
    }
    return cuts;
  }

  #send(message: ToWriter): void {
    if (this.#waiting) this.#waiting.push(message);
    else this.#thread.postMessage(message);
  }

  #fail(reason: string): void {
    this.#done.resolve({ kind: 'failed', reason });
  }
}
