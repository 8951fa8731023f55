// Matches that wait until it is settled whose session they happened in.

/** More go out at once, with what is known. */
const WAITING_AT_ONCE = 4_096;
/** Those that are due within it go out together. */
const TICK_MS = 50;

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly from: string;
}

export class SessionWaits {
  readonly #waiting = new Map<() => void, Waiting>();
  /** How many wait, by where they are from. */
  readonly #from = new Map<string, number>();
  /** That have waited. */
  total = 0;

  /**
   * False if it does not wait: there are too many. Who is in a session could fill all the room by what a rule matches often, and then do what is decided
   * without a name. So what floods takes half of the room; of several that do, each leaves as much as it takes.
   * @param from its rule and session, as a text
   * @param send called once, also by end()
   */
  add(milliseconds: number, from: string, send: () => void): boolean {
    const alike = this.#from.get(from) ?? 0;
    if (alike >= WAITING_AT_ONCE - this.#waiting.size) return false;
    const due = Math.ceil(milliseconds / TICK_MS) * TICK_MS;
    this.total++;
    this.#from.set(from, alike + 1);
    const timer = setTimeout(() => this.#take(send, from), due);
    this.#waiting.set(send, { timer, from });
    return true;
  }

  /** None waits any longer. */
  end(): void {
    for (const [send, { timer, from }] of this.#waiting) {
      clearTimeout(timer);
      this.#take(send, from);
    }
  }

  #take(send: () => void, from: string): void {
    this.#waiting.delete(send);
    const left = (this.#from.get(from) ?? 0) - 1;
    if (left > 0) this.#from.set(from, left);
    else this.#from.delete(from);
    send();
  }
}
