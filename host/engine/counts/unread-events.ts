// Counts events that the worker has read and not evaluated, by type, so that none goes missing from the equation
// produced = evaluated + filtered + dropped.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const TYPE = member(EVENT_HEADER, 'type').offset;

export class UnreadEvents {
  readonly #memory: EventMemory;
  readonly #counts = new Map<number, number>();

  constructor(memory: EventMemory) {
    this.#memory = memory;
  }

  /** @param segments of a batch: pairs of addresses */
  add(segments: Uint32Array, pairs: number): void {
    for (let pair = 0; pair < pairs; pair++) {
      const to = segments[2 * pair + 1] ?? 0;
      for (let at = segments[2 * pair] ?? 0; at < to; at += this.#memory.u32(at + SIZE)) {
        const type = this.#memory.u16(at + TYPE);
        this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
      }
    }
  }

  /** The counters of a capture, which counts what was read as evaluated. */
  corrected(counters: CaptureCounters): CaptureCounters {
    if (this.#counts.size === 0) return counters;
    const count = (type: number): number => this.#counts.get(type) ?? 0;
    return {
      ...counters,
      evaluated: counters.evaluated.map((number, type) => number - count(type)),
      dropped: counters.dropped.map((number, type) => number + count(type)),
    };
  }
}
