// How often the details of matches are read: a rule that matches a thousand times a second must not cost the worker a hundred fields each time.

import { SECOND } from '../../fields/time.ts';

/** A number at once, and so many a second after that; by the time of the events. */
export class DetailPace {
  readonly #most: number;
  readonly #interval: bigint;
  #left: number;
  /** Up to when it was refilled, and when it is again. */
  #refilled = 0n;
  #next = 0n;

  constructor({ atOnce, aSecond }: { readonly atOnce: number; readonly aSecond: number }) {
    this.#most = atOnce;
    this.#left = this.#most;
    this.#interval = SECOND / BigInt(aSecond);
  }

  /** @param time of the event, in ns */
  allows(time: bigint): boolean {
    // Most often, where matches are many: dividing takes longer than all else.
    if (this.#left === 0 && time < this.#next) return false;
    const due = (time - this.#refilled) / this.#interval;
    if (due > 0n) {
      // Events of different CPUs come in no strict order: time does not go back here.
      this.#left = due > this.#most ? this.#most : Math.min(this.#most, this.#left + Number(due));
      this.#refilled += due * this.#interval;
      this.#next = this.#refilled + this.#interval;
    }
    return this.#left > 0;
  }

  take(): void {
    this.#left--;
  }
}
