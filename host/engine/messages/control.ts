// A few numbers that the host's thread and the worker share: a stop that is requested, and how much is on its way between them.

import type { JournalUse } from '../../schema/journal.ts';

/** Most matches on their way to the host's thread; further ones are dropped and counted. */
export const MATCHES_IN_FLIGHT = 4096;

/** Most blocks of a recording on their way to the file, 1 MB each. Beyond that the rings fill, and the kernel counts dropped events. */
const BLOCKS_IN_FLIGHT = 32;

/** Most blocks of the journal on their way to the disk, 1 MB each, and as many of captures. Beyond that events are left out of it, and counted. */
export const JOURNAL_BLOCKS_IN_FLIGHT = 8;

const STOP = 0;
const MESSAGES = 1;
const IN_FLIGHT = 2;
const BLOCKS = 3;
/** Each has a count of its own: a disk that does not answer holds up one of them. */
const KEPT: Record<JournalUse, number> = { journal: 4, captures: 5 };
const HELD = 6;
const CONTROL_WORDS = 7;
const WAIT_MS = 50;

/** Numbers in shared memory: the worker is in native code or WebAssembly most of the time and gets no messages there. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  requestStop(): void {
    Atomics.store(this.#words, STOP, 1);
    for (const word of [MESSAGES, IN_FLIGHT, BLOCKS]) Atomics.notify(this.#words, word);
  }

  /** The capture stays open when the worker has ended, until release(). Before requestStop(). */
  hold(): void {
    Atomics.store(this.#words, HELD, 1);
  }

  release(): void {
    Atomics.store(this.#words, HELD, 0);
    Atomics.notify(this.#words, HELD);
  }

  /** Worker only: blocks until release(), for so long at most. */
  waitForRelease(milliseconds: number): void {
    Atomics.wait(this.#words, HELD, 1, milliseconds);
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** The host's thread, after it has posted a message. */
  announceMessage(): void {
    Atomics.add(this.#words, MESSAGES, 1);
    Atomics.notify(this.#words, MESSAGES);
  }

  /** How many messages have been announced so far. */
  get announced(): number {
    return Atomics.load(this.#words, MESSAGES);
  }

  /** Worker only: blocks until another message than `seen` is announced, a stop is requested, or the time is over. */
  waitForMessage(seen: number, milliseconds: number): void {
    if (!this.stopRequested) Atomics.wait(this.#words, MESSAGES, seen, milliseconds);
  }

  get inFlight(): number {
    return Atomics.load(this.#words, IN_FLIGHT);
  }

  addInFlight(count: number): void {
    Atomics.add(this.#words, IN_FLIGHT, count);
    if (count < 0) Atomics.notify(this.#words, IN_FLIGHT);
  }

  /**
   * Worker only: blocks until fewer than `below` matches are on their way, a stop is requested, or the time is over.
   * Returns the milliseconds it took.
   */
  waitForRoom(milliseconds: number, below = MATCHES_IN_FLIGHT): number {
    const began = performance.now();
    this.#waitUntilBelow(IN_FLIGHT, below, began + milliseconds);
    return performance.now() - began;
  }

  /** Worker only: blocks until the host has taken half of the possible matches, or a stop is requested. */
  waitForMatches(): void {
    this.#waitUntilBelow(IN_FLIGHT, MATCHES_IN_FLIGHT / 2);
  }

  /** Worker only, after a stop was requested: blocks until the host has taken half of the possible matches, or until that time of performance.now(). */
  waitForLastMatches(deadline: number): void {
    for (
      let value = this.inFlight;
      value >= MATCHES_IN_FLIGHT / 2 && performance.now() < deadline;
      value = this.inFlight
    ) {
      Atomics.wait(this.#words, IN_FLIGHT, value, WAIT_MS);
    }
  }

  addBlocks(count: number): void {
    Atomics.add(this.#words, BLOCKS, count);
    if (count < 0) Atomics.notify(this.#words, BLOCKS);
  }

  /** Worker only: the same for blocks of a recording. */
  waitForBlocks(): void {
    this.#waitUntilBelow(BLOCKS, BLOCKS_IN_FLIGHT);
  }

  /** Blocks of the journal, or of captures, on their way. */
  keptBlocks(use: JournalUse): number {
    return Atomics.load(this.#words, KEPT[use]);
  }

  addKeptBlocks(use: JournalUse, count: number): void {
    Atomics.add(this.#words, KEPT[use], count);
  }

  /** @param deadline a time of performance.now() */
  #waitUntilBelow(word: number, limit: number, deadline = Number.POSITIVE_INFINITY): void {
    for (let value = Atomics.load(this.#words, word); value >= limit && !this.stopRequested; ) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      // Check for a stop now and then: it may be requested right before the wait.
      Atomics.wait(this.#words, word, value, Math.min(left, WAIT_MS));
      value = Atomics.load(this.#words, word);
    }
  }
}
