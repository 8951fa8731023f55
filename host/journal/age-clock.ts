// The time by which files are too old. A wall clock that is set ahead, by mistake or to have the record of a node removed, is believed only after an
// hour: what it would remove at once is lost for good.

const BELIEVED_AFTER_MS = 3_600_000;
/** Clocks that drift are corrected by less in such an hour; more was set. */
const STEP_MS = 5_000;

interface Ahead {
  readonly offset: number;
  readonly since: number;
}

export class AgeClock {
  /** What the wall clock is ahead of the monotonic one, as far as it is believed. */
  #offset = Date.now() - performance.now();
  #ahead: Ahead | undefined;

  /** In ms since the epoch. */
  now(): number {
    const passed = performance.now();
    const offset = Date.now() - passed;
    if (offset <= this.#offset + STEP_MS) this.#believe(offset);
    else {
      if (!this.#ahead || Math.abs(offset - this.#ahead.offset) > STEP_MS) this.#ahead = { offset, since: passed };
      if (passed - this.#ahead.since >= BELIEVED_AFTER_MS) this.#believe(offset);
    }
    return passed + this.#offset;
  }

  #believe(offset: number): void {
    this.#offset = offset;
    this.#ahead = undefined;
  }
}
