// A time budget for work that others can cause as often as they like: a share of a thread's time.

/** Clocks in ms: what has passed, and what the thread has had of a processor. On a busy machine work passes slowly, and costs no more. */
export interface Clocks {
  readonly now: () => number;
  readonly used: () => number;
}

const CLOCKS: Clocks = {
  now: () => performance.now(),
  used: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
};

export class TimeBudget {
  readonly #share: number;
  readonly #mostMs: number;
  readonly #clocks: Clocks;
  #leftMs: number;
  #refilledAt: number;

  /**
   * @param share of the time: 0.05 are 50 ms a second
   * @param mostMs of it at once, after a time without work
   * @param clocks for tests
   */
  constructor(share: number, mostMs: number, clocks: Clocks = CLOCKS) {
    this.#share = share;
    this.#mostMs = mostMs;
    this.#clocks = clocks;
    this.#leftMs = mostMs;
    this.#refilledAt = clocks.now();
  }

  /** Whether some is left. Work that begins then may take longer than what is left: it is made up for later. */
  get isLeft(): boolean {
    const now = this.#clocks.now();
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + (now - this.#refilledAt) * this.#share);
    this.#refilledAt = now;
    return this.#leftMs > 0;
  }

  /** Does the work and takes its time off. */
  spend<Value>(work: () => Value): Value {
    const began = this.#clocks.used();
    try {
      return work();
    } finally {
      this.#leftMs -= this.#clocks.used() - began;
    }
  }
}
