// Matches that wait until it is settled whose session they happened in.

/** Matches that wait at most. More are sent at once, with what is known. */
const WAITING_AT_ONCE = 4_096;
/** Matches that are due within this time are sent together. */
const TICK_MS = 50;

interface Waiting {
  /** In how many ms it is settled; 0: it is. */
  readonly left: () => number;
  readonly from: string;
  timer: NodeJS.Timeout;
}

export class SessionWaits {
  readonly #waiting = new Map<() => void, Waiting>();
  /** How many wait, by where they are from. */
  readonly #from = new Map<string, number>();
  /** Matches that have waited, since the start. */
  total = 0;

  /**
   * False if it does not wait: there are too many. Who is in a session could fill all the room by what a rule matches often, and then do what is decided
   * without a name. So what floods takes half of the room; of several that do, each leaves as much as it takes.
   * @param left in how many ms it is settled, more than 0 now; 0: it is
   * @param from its rule and session, as a text
   * @param send called once, also by end()
   */
  add(left: () => number, from: string, send: () => void): boolean {
    const alike = this.#from.get(from) ?? 0;
    if (alike >= WAITING_AT_ONCE - this.#waiting.size) return false;
    this.total++;
    this.#from.set(from, alike + 1);
    this.#waiting.set(send, { left, from, timer: this.#timer(left(), send) });
    return true;
  }

  #timer(milliseconds: number, send: () => void): NodeJS.Timeout {
    return setTimeout(() => this.#due(send), Math.ceil(milliseconds / TICK_MS) * TICK_MS);
  }

  /**
   * A timer counts whole ms of another clock than the one that settles sessions, and can fire 1 ms before that one says so: no name would be exact.
   * Where more is left, that clock was set back; it waits no longer.
   */
  #due(send: () => void): void {
    const waiting = this.#waiting.get(send);
    if (!waiting) return;
    const left = waiting.left();
    if (left > 0 && left <= TICK_MS) waiting.timer = this.#timer(left, send);
    else this.#take(send, waiting.from);
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
