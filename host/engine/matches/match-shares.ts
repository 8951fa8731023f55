// Room for matches on their way to the host, shared among rules: a rule that floods does not take the room of the others.

import { CANDIDATE_WORDS } from '../../schema/image.ts';
import { MATCHES_IN_FLIGHT } from '../messages/control.ts';

/** More than the rules of a module: each has a bit of the candidate words. */
const MOST_RULES = CANDIDATE_WORDS * 64;

/**
 * Counts the matches on their way by their rule. The host takes them in order, or nearly so: their number says which they are.
 * A rule that floods takes half of the room; of several that do, each leaves as much as it takes.
 */
export class MatchShares {
  /** The rules of matches on their way, the oldest at `#first`. */
  readonly #rules = new Float64Array(MATCHES_IN_FLIGHT);
  #first = 0;
  #count = 0;
  readonly #ofRule = new Map<number, number>();

  /**
   * Whether another match of a rule may be on its way.
   * @param onWay how many matches the host has not taken yet
   */
  hasRoom(module: number, rule: number, onWay: number): boolean {
    this.#forgetTaken(onWay);
    return (this.#ofRule.get(module * MOST_RULES + rule) ?? 0) < MATCHES_IN_FLIGHT - onWay;
  }

  /** Counts a match that had room. Rules of a replaced set are those of the same number in the new one until they are taken. */
  add(module: number, rule: number): void {
    if (this.#count === MATCHES_IN_FLIGHT) return; // more may be on their way once a stop is requested
    const key = module * MOST_RULES + rule;
    this.#rules[(this.#first + this.#count) % MATCHES_IN_FLIGHT] = key;
    this.#count++;
    this.#ofRule.set(key, (this.#ofRule.get(key) ?? 0) + 1);
  }

  #forgetTaken(onWay: number): void {
    for (; this.#count > onWay; this.#count--) {
      const key = this.#rules[this.#first] ?? 0;
      const left = (this.#ofRule.get(key) ?? 0) - 1;
      if (left > 0) this.#ofRule.set(key, left);
      else this.#ofRule.delete(key);
      this.#first = (this.#first + 1) % MATCHES_IN_FLIGHT;
    }
  }
}
