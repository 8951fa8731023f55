// When each of some deeds was first done. Events of different processors are read in another order than that of time.

import { compareBigints } from '../diagnostics/numbers.ts';

export class FirstTimes<Deed> {
  readonly #times: Map<Deed, bigint>;

  /** @param time in ns since the epoch */
  constructor(deed: Deed, time: bigint) {
    this.#times = new Map([[deed, time]]);
  }

  note(deed: Deed, time: bigint): void {
    const known = this.#times.get(deed);
    if (known === undefined || time < known) this.#times.set(deed, time);
  }

  /** The earliest of all. */
  get first(): bigint {
    return [...this.#times.values()].reduce((one, other) => (compareBigints(one, other) <= 0 ? one : other));
  }

  /** In order of time. */
  get deeds(): Deed[] {
    return [...this.#times].toSorted(([, one], [, other]) => compareBigints(one, other)).map(([deed]) => deed);
  }
}
