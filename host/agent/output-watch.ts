// Says when alerts were lost on their way out: by the counters of each output, whatever it lost them by.

import type { NamedCounters } from '../outputs/output-set.ts';

export const OUTPUT_RULE = 'Wasprey internal: output failure';

/**
 * Between two alerts of the same output; the next tells of all that was lost since. Twice as long after each, as long as it goes on losing,
 * up to the longest: the alert itself is one that the output may lose, and for a syslog that is not there once is nearly enough.
 */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 3_600_000;

interface Told {
  readonly dropped: number;
  readonly at: number;
  /** Until the next. */
  readonly pause: number;
}

const NOTHING: Told = { dropped: 0, at: Number.NEGATIVE_INFINITY, pause: 0 };

export class OutputWatch {
  readonly #onLoss: (message: string) => void;
  readonly #told = new Map<string, Told>();

  /** @param onLoss told a sentence for people */
  constructor(onLoss: (message: string) => void) {
    this.#onLoss = onLoss;
  }

  /** @param now ms on a clock that is never set */
  update(outputs: readonly NamedCounters[], now: number): void {
    for (const { name, counters } of outputs) {
      const { dropped, queued = 0 } = counters;
      const told = this.#told.get(name) ?? NOTHING;
      if (dropped <= told.dropped || now - told.at < told.pause) continue;
      // It was well for as long again.
      const isNew = now - told.at > 2 * told.pause;
      this.#told.set(name, { dropped, at: now, pause: isNew ? SHORTEST_MS : Math.min(2 * told.pause, LONGEST_MS) });
      const lost = dropped - told.dropped;
      const alerts = lost === 1 ? '1 alert is lost that was' : `${lost} alerts are lost that were`;
      this.#onLoss(`${alerts} for ${name}, which fails or does not keep up; ${queued} more wait for it`);
    }
  }
}
