// The list of all process images that begins a segment of the journal, on its way: what is not sent yet, and what came to the log since.

import { splitLog } from '../../recording/image-entries.ts';

/** The images of a large machine have some MB. */
export const PIECE_BYTES = 1 << 19;
/** A disk that takes longer for the list does not keep up. */
const MOST_MS = 10_000;
/** Bytes of the log since the list began. */
const MOST_LOG_BYTES = 16 << 20;

/** Times are of performance.now(). */
export class ImageList {
  readonly #pieces: Uint8Array[];
  readonly #began: number;
  #next = 0;
  #logBytes = 0;

  constructor(images: Uint8Array, now: number) {
    this.#pieces = splitLog(images, PIECE_BYTES);
    this.#began = now;
  }

  /** What came to the log since. */
  add(log: Uint8Array): void {
    this.#logBytes += log.length;
    this.#pieces.push(...splitLog(log, PIECE_BYTES));
  }

  /** The next piece; undefined: all were taken. */
  get first(): Uint8Array | undefined {
    return this.#pieces[this.#next];
  }

  take(): void {
    this.#pieces[this.#next++] = NOTHING;
  }

  /** Whether it takes so long that it is better given up. */
  isLate(now: number): boolean {
    return now - this.#began > MOST_MS || this.#logBytes > MOST_LOG_BYTES;
  }
}

const NOTHING = new Uint8Array(0);
