// Schedules garbage collection of the worker for a pause. Replaced rules leave memory outside of the JavaScript heap:
// without a collection each replacement would keep 0.1 MB for good.

import { collectGarbage, type Thoroughness } from './collect-garbage.ts';

/** After so many additions without a pause, the collection delays events by some ms. */
const MOST_WAITING = 16;

export class DueGarbage {
  #waiting = 0;
  #thoroughness: Thoroughness = 'once';

  /** Records that there is garbage: rules were replaced, or the start is over. */
  add(thoroughness: Thoroughness): void {
    this.#waiting++;
    if (thoroughness === 'all') this.#thoroughness = 'all';
  }

  /** @param isIdle whether no event waits now */
  collectIfDue(isIdle: boolean): void {
    if (this.#waiting === 0 || (!isIdle && this.#waiting < MOST_WAITING)) return;
    this.#waiting = 0;
    collectGarbage(this.#thoroughness);
    this.#thoroughness = 'once';
  }
}
