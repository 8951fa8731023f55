// Garbage of the worker that waits for a pause in which it can be collected. What replaced rules leave behind is not on the JavaScript heap:
// left alone, each replacement keeps 0.1 MB for good.

import { collectGarbage, type Thoroughness } from './collect-garbage.ts';

/** After so many additions events have to wait for it, some ms, where they leave no pause. */
const MOST_WAITING = 16;

export class DueGarbage {
  #waiting = 0;
  #thoroughness: Thoroughness = 'once';

  /** There is more to collect: rules were replaced, or the start is over. */
  add(thoroughness: Thoroughness): void {
    this.#waiting++;
    if (thoroughness === 'all') this.#thoroughness = 'all';
  }

  /** @param isIdle no event waits now */
  collectIfDue(isIdle: boolean): void {
    if (this.#waiting === 0 || (!isIdle && this.#waiting < MOST_WAITING)) return;
    this.#waiting = 0;
    collectGarbage(this.#thoroughness);
    this.#thoroughness = 'once';
  }
}
