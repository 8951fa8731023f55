// So much of a thread's time may be spent on something that others can cause as often as they like.

export class TimeBudget {
  readonly #share: number;
  readonly #mostMs: number;
  readonly #now: () => number;
  #leftMs: number;
  #refilledAt: number;

  /**
   * @param share of the time: 0.05 are 50 ms a second
   * @param mostMs of it at once, after a time without work
   * @param now in ms; for tests
   */
  constructor(share: number, mostMs: number, now: () => number = () => performance.now()) {
    this.#share = share;
    this.#mostMs = mostMs;
    this.#now = now;
    this.#leftMs = mostMs;
    this.#refilledAt = now();
  }

  /** Whether some is left. Work that begins then may take longer than what is left: it is made up for later. */
  get isLeft(): boolean {
    const now = this.#now();
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + (now - this.#refilledAt) * this.#share);
    this.#refilledAt = now;
    return this.#leftMs > 0;
  }

  /** Does the work and takes its time off. */
  spend<Value>(work: () => Value): Value {
    const began = this.#now();
    try {
      return work();
    } finally {
      this.#leftMs -= this.#now() - began;
    }
  }
}
