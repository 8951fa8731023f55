// Raises alerts about outputs: why one fails, as it reports itself, and how many alerts were lost, by its counters, whatever the
// reason.

import type { NamedCounters } from '../../outputs/output-set.ts';

export const OUTPUT_RULE = 'Wasprey internal: output failure';

/**
 * The time between two alerts about the same output; each reports all losses since the one before. It doubles after each while losses
 * continue, up to the longest: the output may lose this alert too, and for a missing syslog one alert is nearly enough.
 */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 3_600_000;

interface Reported {
  /** Losses up to that alert. */
  readonly dropped: number;
  readonly at: number;
  /** Time until the next alert may follow. */
  readonly pause: number;
}

const NOTHING: Reported = { dropped: 0, at: Number.NEGATIVE_INFINITY, pause: 0 };

/** Both get a message for people. */
export interface OutputWatchHost {
  readonly alert: (message: string) => void;
  /** For losses that the output does not report itself. */
  readonly log: (message: string) => void;
}

/** Times are ms on a clock that is never set. */
export class OutputWatch {
  readonly #host: OutputWatchHost;
  readonly #reported = new Map<string, Reported>();

  constructor(host: OutputWatchHost) {
    this.#host = host;
  }

  /** The output reports a failure. */
  failed(name: string, message: string, now: number): void {
    const reported = this.#reported.get(name) ?? NOTHING;
    if (isPausing(reported, now)) return;
    this.#note(name, reported.dropped, now);
    this.#host.alert(message);
  }

  update(outputs: readonly NamedCounters[], now: number): void {
    for (const [name, { dropped, queued }] of totals(outputs)) {
      const reported = this.#reported.get(name) ?? NOTHING;
      if (dropped <= reported.dropped || isPausing(reported, now)) continue;
      this.#note(name, dropped, now);
      const lost = dropped - reported.dropped;
      const alerts = lost === 1 ? '1 alert was lost' : `${lost} alerts were lost`;
      const message = `${alerts}: the output ${name} fails or does not keep up; ${queued} more are waiting for it`;
      this.#host.log(message);
      this.#host.alert(message);
    }
  }

  #note(name: string, dropped: number, now: number): void {
    const { at, pause } = this.#reported.get(name) ?? NOTHING;
    // It had no losses for as long again.
    const isNew = now - at > 2 * pause;
    this.#reported.set(name, { dropped, at: now, pause: isNew ? SHORTEST_MS : Math.min(2 * pause, LONGEST_MS) });
  }
}

function isPausing({ at, pause }: Reported, now: number): boolean {
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
