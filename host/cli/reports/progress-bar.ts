// A progress bar on standard error, for commands that read much: only on a terminal.

import { number } from '../../diagnostics/numbers.ts';

const BAR_WIDTH = 30;
/** Between two drawings. */
const EVERY_MS = 100;
/** Quick work shows none. */
const FIRST_MS = 500;

/** Lines that were announced are written in this time. */
const HIDDEN_MS = 200;

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class ProgressBar implements Disposable {
  readonly #stream: Stream;
  readonly #now: () => number;
  readonly #began: number;
  #drawnAt: number;
  #isDrawn = false;

  /** @param now a clock, in ms */
  constructor(stream: Stream = process.stderr, now = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#began = now();
    this.#drawnAt = this.#began + FIRST_MS - EVERY_MS;
  }

  /** @param share of the work, 0 to 1 @param events that were read so far */
  update(share: number, events: number): void {
    const now = this.#now();
    if (this.#stream.isTTY !== true || now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    const done = Math.round(Math.min(share, 1) * BAR_WIDTH);
    const seconds = (now - this.#began) / 1000;
    const left = share > 0 ? Math.ceil((seconds * (1 - Math.min(share, 1))) / share) : 0;
    const bar = `${'#'.repeat(done)}${'.'.repeat(BAR_WIDTH - done)}`;
    const percent = `${Math.floor(Math.min(share, 1) * 100)} %`.padStart(5);
    this.#stream.write(`\r[${bar}] ${percent}  ${number(events)} events, ${left} s left \x1b[K`);
  }

  /** Makes room for other lines, which are written soon. */
  hide(): void {
    if (this.#isDrawn) this.#stream.write('\r\x1b[K');
    this.#isDrawn = false;
    this.#drawnAt = this.#now() + HIDDEN_MS;
  }

  /** Takes it away. */
  [Symbol.dispose](): void {
    if (this.#isDrawn) this.#stream.write('\r\x1b[K');
    this.#isDrawn = false;
  }
}
