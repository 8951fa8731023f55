// How long a module stays set aside. One that took too much time is tried again after a while, and ever later if it fails again: what was dear may
// have been the events, which others can make. All other failures are defects of the module, and final.

import type { RunFailureKind } from '../../sandbox/run.ts';

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Times are of performance.now(). */
export class Absence {
  #pauseMs = 0;
  #backAt = 0;

  /** The module has failed; returns for how long it is set aside, undefined for good. */
  begin(failure: RunFailureKind, now: number): number | undefined {
    if (failure !== 'out-of-fuel' && failure !== 'too-slow') {
      this.#backAt = Number.POSITIVE_INFINITY;
      return undefined;
    }
    const ranWell = this.#pauseMs > 0 && now - this.#backAt >= LONGEST_PAUSE_MS;
    this.#pauseMs = this.#pauseMs === 0 || ranWell ? FIRST_PAUSE_MS : Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#backAt = now + this.#pauseMs;
    return this.#pauseMs;
  }

  /** Whether a module that is set aside is to be tried again. */
  isOver(now: number): boolean {
    return now >= this.#backAt;
  }
}
