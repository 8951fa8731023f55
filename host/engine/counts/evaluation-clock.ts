// Measures how long evaluation takes, and the age of events, on a sample of batches, so that the cost is negligible.

import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';

/** Reading the clock costs about as much as evaluating two events. */
const SAMPLE_EVERY = 16;
const TIME = member(EVENT_HEADER, 'time').offset;

/** Upper bounds of the age buckets, in ms; older events are in one more bucket. */
export const LAG_BOUNDS_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000] as const;

export interface LagCounters {
  /** Batches by the age of their first event, from the kernel's clock to its evaluation, by LAG_BOUNDS_MS. */
  readonly batches: readonly number[];
  readonly sumMs: number;
}

/** Decides which batches are measured. */
export class EvaluationClock {
  readonly #view: DataView;
  readonly #lag: number[] = [...LAG_BOUNDS_MS, 0].map(() => 0);
  #lagSumMs = 0;
  #batches = 0;

  /** @param memory the WebAssembly.Memory's buffer */
  constructor(memory: ArrayBufferLike) {
    this.#view = new DataView(memory);
  }

  /** Called at the start of a batch, with the address of its first record; returns whether to measure its evaluation. */
  begin(record: number): boolean {
    const low = this.#view.getUint32(record + TIME, true);
    const time = (this.#view.getUint32(record + TIME + 4, true) * 2 ** 32 + low) / 1e6;
    // Date.now() counts whole milliseconds, and the clock may have been set back.
    const age = Math.max(0, Date.now() - time);
    let at = 0;
    while (age > (LAG_BOUNDS_MS[at] ?? Number.POSITIVE_INFINITY)) at++;
    this.#lag[at] = (this.#lag[at] ?? 0) + 1;
    this.#lagSumMs += age;
    return this.#batches++ % SAMPLE_EVERY === 0;
  }

  get lag(): LagCounters {
    return { batches: [...this.#lag], sumMs: this.#lagSumMs };
  }
}
