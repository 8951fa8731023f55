// Matches that wait until it is settled whose session they happened in.

/** More go out at once, with what is known. */
const WAITING_AT_ONCE = 4_096;
/** Those that are due within it go out together. */
const TICK_MS = 50;

export class SessionWaits {
  readonly #waiting = new Map<() => void, NodeJS.Timeout>();
  /** That have waited. */
  total = 0;

  /** False if it does not wait: there are too many. @param send called once, also by end() */
  add(milliseconds: number, send: () => void): boolean {
    if (this.#waiting.size >= WAITING_AT_ONCE) return false;
    const due = Math.ceil(milliseconds / TICK_MS) * TICK_MS;
    this.total++;
    this.#waiting.set(
      send,
      setTimeout(() => {
        this.#waiting.delete(send);
        send();
      }, due),
    );
    return true;
  }

  /** None waits any longer. */
  end(): void {
    for (const [send, timer] of this.#waiting) {
      clearTimeout(timer);
      this.#waiting.delete(send);
      send();
    }
  }
}
