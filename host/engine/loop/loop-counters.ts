// The numbers of a loop: those of the capture and of its evaluation, for the host.

import type { Capture } from '../../capture/native.ts';
import type { EventMemory } from '../../fields/memory.ts';
import type { EvaluationClock } from '../counts/evaluation-clock.ts';
import { UnreadEvents } from '../counts/unread-events.ts';
import type { EnforcedMatches } from '../matches/enforced-matches.ts';
import type { Hold } from '../matches/hold.ts';
import type { MatchQueue } from '../matches/match-queue.ts';
import type { EngineCounters, FromWorker } from '../messages/protocol.ts';

const EVERY_MS = 1000;

/** Parts of the loop that the numbers come from. */
export interface CounterParts {
  readonly capture: Capture;
  readonly memory: EventMemory;
  readonly clock: EvaluationClock;
  readonly enforcer?: { readonly matches: EnforcedMatches };
  readonly send: (message: FromWorker) => void;
}

export interface CountedParts {
  readonly queue: Pick<MatchQueue, 'counters'>;
  readonly hold: Pick<Hold, 'counters'>;
  readonly evaluation: () => EngineCounters['evaluation'];
}

export class LoopCounters {
  readonly #parts: CounterParts;
  readonly #counted: CountedParts;
  readonly #unread: UnreadEvents;
  #sentAt = Number.NEGATIVE_INFINITY;
  batches = 0;

  constructor(parts: CounterParts, counted: CountedParts) {
    this.#parts = parts;
    this.#counted = counted;
    this.#unread = new UnreadEvents(parts.memory);
  }

  /** Counts the events of a batch as dropped, because nothing evaluates them. */
  leaveUnread(segments: Uint32Array, pairs: number): void {
    this.#unread.add(segments, pairs);
  }

  /** Sends the numbers once a second. */
  reportIfDue(): void {
    const now = performance.now();
    if (now - this.#sentAt < EVERY_MS) return;
    this.#sentAt = now;
    this.#parts.send({ kind: 'counters', counters: this.now() });
  }

  /** The last numbers: events that are left in the rings are counted as dropped. */
  final(segments: Uint32Array): EngineCounters {
    const { capture } = this.#parts;
    capture.finish();
    for (let pairs = capture.poll(segments, 0); pairs > 0; pairs = capture.poll(segments, 0)) {
      this.leaveUnread(segments, pairs);
    }
    return this.now();
  }

  now(): EngineCounters {
    const { capture, clock, enforcer } = this.#parts;
    const { queue, hold, evaluation } = this.#counted;
    const time = Date.now();
    const corrected = this.#unread.corrected(capture.counters());
    return {
      time,
      // The rounding error is one millisecond at most.
      until: Date.now() + 1,
      capture: corrected,
      ...queue.counters,
      enforcedUnmatched: enforcer?.matches.total ?? 0,
      enforcedUnchecked: enforcer?.matches.unchecked ?? 0,
      batches: this.batches,
      hold: hold.counters(corrected.held),
      lag: clock.lag,
      evaluation: evaluation(),
    };
  }
}
