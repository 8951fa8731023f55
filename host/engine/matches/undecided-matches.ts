// Matches of a batch that count only if the host finds a condition on their exec session true, where the first rule that matches an event counts: each
// with the matches of later rules, of which one counts if it does not.

import type { Match } from '../messages/match.ts';

/** Further undecided matches of an event that are kept: a module may have any number of rules that match it, and thousands of events may wait. */
const MOST_OTHERWISE = 32;

interface UndecidedMatch extends Match {
  readonly otherwise: Match[];
}

export class UndecidedMatches {
  readonly #byEvent = new Map<number, UndecidedMatch>();

  /** How many events have such matches. */
  get size(): number {
    return this.#byEvent.size;
  }

  has(event: number): boolean {
    return this.#byEvent.size > 0 && this.#byEvent.has(event);
  }

  /** Whether no further match of an event is taken that is undecided as well. One that is decided is the last of its event, and always taken. */
  isFull(event: number): boolean {
    return (this.#byEvent.get(event)?.otherwise.length ?? 0) >= MOST_OTHERWISE;
  }

  /** A further match of an event comes after those before. */
  add(event: number, match: Match): void {
    const first = this.#byEvent.get(event);
    if (first) first.otherwise.push(match);
    else this.#byEvent.set(event, { ...match, otherwise: [] });
  }

  /** Returns all: no further match of their events will come. */
  take(): readonly Match[] {
    const all = [...this.#byEvent.values()];
    this.#byEvent.clear();
    return all;
  }
}
