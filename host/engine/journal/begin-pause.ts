// When the journal may begin a segment: listing all processes takes the worker and the disk some time, and any user can make the list long.

/** A list of so many bytes costs a pause of a second. */
const BYTES_OF_A_SECOND = 1 << 20;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/** Times are of performance.now(). */
export class BeginPause {
  #until = Number.NEGATIVE_INFINITY;
  /** After the last list that was cut; 0 after one that was sent. */
  #cutMs = 0;

  isOver(now: number): boolean {
    return now >= this.#until;
  }

  /** A segment begins with a list of so many bytes. */
  began(bytes: number, now: number): void {
    this.#until = now + Math.min(Math.floor(bytes / BYTES_OF_A_SECOND) * 1000, LONGEST_MS);
  }

  /** The list was sent. */
  whole(): void {
    this.#cutMs = 0;
  }

  /** The list could not be sent: each time in a row the pause is twice as long. */
  cut(now: number): void {
    this.#cutMs = this.#cutMs === 0 ? FIRST_MS : Math.min(2 * this.#cutMs, LONGEST_MS);
    this.#until = Math.max(this.#until, now + this.#cutMs);
  }

  /** What was before does not count any more. */
  reset(): void {
    this.#until = Number.NEGATIVE_INFINITY;
    this.#cutMs = 0;
  }
}
