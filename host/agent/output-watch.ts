// Raises alerts about outputs: why one fails, as it says itself, and when alerts were lost on their way out, by its counters, whatever it
// lost them by.

import type { NamedCounters } from '../outputs/output-set.ts';

export const OUTPUT_RULE = 'Wasprey internal: output failure';

/**
 * Between two alerts about the same output; the next tells of all that was lost since. Twice as long after each, as long as it goes on losing,
 * up to the longest: the alert itself is one that the output may lose, and for a syslog that is not there once is nearly enough.
 */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 3_600_000;

interface Told {
  /** All that it had lost when that was told. */
  readonly dropped: number;
  readonly at: number;
  /** Until the next. */
  readonly pause: number;
}

const NOTHING: Told = { dropped: 0, at: Number.NEGATIVE_INFINITY, pause: 0 };

/** Both are given a sentence for people. */
export interface OutputWatchHost {
  readonly alert: (message: string) => void;
  /** Of what the output does not say itself. */
  readonly log: (message: string) => void;
}

/** Times are ms on a clock that is never set. */
export class OutputWatch {
  readonly #host: OutputWatchHost;
  readonly #told = new Map<string, Told>();

  constructor(host: OutputWatchHost) {
    this.#host = host;
  }

  /** The output says what is wrong with it. */
  failed(name: string, message: string, now: number): void {
    const told = this.#told.get(name) ?? NOTHING;
    if (isPausing(told, now)) return;
    this.#note(name, told.dropped, now);
    this.#host.alert(message);
  }

  update(outputs: readonly NamedCounters[], now: number): void {
    for (const [name, { dropped, queued }] of totals(outputs)) {
      const told = this.#told.get(name) ?? NOTHING;
      if (dropped <= told.dropped || isPausing(told, now)) continue;
      this.#note(name, dropped, now);
      const lost = dropped - told.dropped;
      const alerts = lost === 1 ? '1 alert was lost' : `${lost} alerts were lost`;
      const message = `${alerts}: the output ${name} fails or does not keep up; ${queued} more are waiting for it`;
      this.#host.log(message);
      this.#host.alert(message);
    }
  }

  #note(name: string, dropped: number, now: number): void {
    const { at, pause } = this.#told.get(name) ?? NOTHING;
    // It was well for as long again.
    const isNew = now - at > 2 * pause;
    this.#told.set(name, { dropped, at: now, pause: isNew ? SHORTEST_MS : Math.min(2 * pause, LONGEST_MS) });
  }
}

function isPausing({ at, pause }: Told, now: number): boolean {
  return now - at < pause;
}

/** Outputs of one name, such as two files, count as one. */
function totals(outputs: readonly NamedCounters[]): Map<string, { readonly dropped: number; readonly queued: number }> {
  const byName = new Map<string, { readonly dropped: number; readonly queued: number }>();
  for (const { name, counters } of outputs) {
    const { dropped, queued } = byName.get(name) ?? { dropped: 0, queued: 0 };
    byName.set(name, { dropped: dropped + counters.dropped, queued: queued + (counters.queued ?? 0) });
  }
  return byName;
}
