// How long to wait before the next attempt: longer each time, and never as long as the other nodes' agents.

const FIRST_MS = 200;
const LONGEST_MS = 30_000;

export class BackOff {
  #next = FIRST_MS;

  /** Things went well: the next wait is a short one. */
  reset(): void {
    this.#next = FIRST_MS;
  }

  /** Between half of the time and all of it. Resolves early when the signal aborts. */
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
