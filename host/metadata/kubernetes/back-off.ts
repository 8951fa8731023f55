// Waiting times between attempts: they grow, and are random to differ from those of other nodes' agents.

const FIRST_MS = 200;
const LONGEST_MS = 30_000;

export class BackOff {
  #next = FIRST_MS;

  /** After a success: the next wait is short. */
  reset(): void {
    this.#next = FIRST_MS;
  }

  /** Waits between half of the time and all of it. Resolves early when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const time = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LONGEST_MS);
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, time);
      timer.unref();
      signal.addEventListener('abort', done);
    });
  }
}
