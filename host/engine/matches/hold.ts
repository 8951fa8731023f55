// Holds events of containers that are not known yet. They are evaluated like all others, but matches of rules that read container fields do
// not count then. Copies wait in the capture, and are evaluated again for those rules when the answer has come, or the wait has
// ended. So each event counts once for each rule.

import type { Capture, ContainerNotice } from '../../capture/native.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { EVENT_FLAGS, EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import { type GapReason, HOLD_ENDS, type HoldEnd } from '../messages/match.ts';
import type { HoldCounters, HoldLimits } from '../messages/protocol.ts';
import type { ContainerRules } from '../modules/container-rules.ts';

const FLAGS_OFFSET = member(EVENT_HEADER, 'flags').offset;
/** Most containers without an answer that are remembered; the oldest are forgotten first. */
const REMEMBERED = 4096;

export interface HoldParts {
  readonly capture: Capture;
  readonly memory: EventMemory;
  /** For the rules in use. */
  readonly rules: () => ContainerRules;
  readonly limits: HoldLimits;
  /** Milliseconds; in a replay, recorded time. */
  readonly now: () => number;
  /** Evaluates the records in `segments`, pairs of addresses. */
  readonly evaluate: (segments: Uint32Array, pairs: number) => void;
}

interface Wait {
  /** container.id */
  readonly id: string;
  readonly until: number;
}

export class Hold {
  readonly #parts: HoldParts;
  readonly #segments = new Uint32Array(512);
  /** Waits by full id, in the order of their deadlines. */
  readonly #waits = new Map<string, Wait>();
  /** Unknown containers for which events no longer wait, by container.id. */
  readonly #inVain = new Map<string, GapReason>();
  readonly #ended: Record<HoldEnd, number> = {
    known: 0,
    'timed-out': 0,
    'too-many-events': 0,
    'no-memory': 0,
    'rules-replaced': 0,
    stopped: 0,
  };
  #releasing = false;

  constructor(parts: HoldParts) {
    this.#parts = parts;
  }

  get isWaiting(): boolean {
    return this.#waits.size > 0;
  }

  /** Called when containers have appeared that are being looked up. */
  expect(notices: readonly ContainerNotice[]): void {
    const { capture, limits, now } = this.#parts;
    const until = now() + limits.milliseconds;
    for (const { id, fullId } of notices) {
      if (capture.awaitContainer(fullId)) this.#waits.set(fullId, { id, until });
    }
  }

  /** Called when a container's entry was set: it may be complete, empty, or have only the runtime's data. */
  known(id: string, entry: Uint8Array): void {
    if (!this.#parts.rules().areAnswered(entry)) return;
    this.#inVain.delete(id);
    for (const [fullId, wait] of this.#waits) if (wait.id === id) this.#end(fullId, wait, 'known');
  }

  /** Called when a container's entry can't be stored: the runtime's answer is lost. */
  lost(id: string): void {
    for (const [fullId, wait] of this.#waits) if (wait.id === id) this.#end(fullId, wait, 'no-memory');
    this.#remember(id, 'no-memory');
  }

  /** Called when a batch was polled, before its evaluation. */
  takeBatch(): void {
    if (this.#waits.size === 0) return;
    const { capture, limits, now } = this.#parts;
    const time = now();
    for (const [fullId, wait] of this.#waits) {
      if (wait.until > time) break;
      this.#end(fullId, wait, 'timed-out');
    }
    for (let full = capture.hold(limits.events); full; full = capture.hold(limits.events)) {
      const wait = this.#waits.get(full.id);
      // The capture only names awaited containers: without ending that wait it would return the same one for ever.
      if (!wait) throw new Error(`the capture holds events of ${full.id}, which is not awaited`);
      this.#end(full.id, wait, full.reason);
    }
  }

  /** Ends all waits. */
  endAll(end: HoldEnd): void {
    for (const [fullId, wait] of this.#waits) this.#end(fullId, wait, end);
  }

  /** Whether a match does not count: it is too early, or was counted before. */
  passesOver(event: number, module: number, rule: number): boolean {
    const { memory, rules } = this.#parts;
    if (this.#releasing) return rules().stands(event, module, rule);
    return (memory.u16(event + FLAGS_OFFSET) & EVENT_FLAGS.HELD) !== 0 && !rules().stands(event, module, rule);
  }

  /** Why an unknown container is no longer awaited; undefined if it is, or never was. */
  readonly reason = (id: string): GapReason | undefined => this.#inVain.get(id);

  /** @param held number of events that the capture holds now */
  counters(held: number): HoldCounters {
    const total = HOLD_ENDS.reduce((sum, end) => sum + this.#ended[end], held);
    return { now: held, total, ended: { ...this.#ended } };
  }

  #end(fullId: string, { id }: Wait, end: HoldEnd): void {
    const { capture, evaluate } = this.#parts;
    this.#waits.delete(fullId);
    if (end !== 'known') this.#remember(id, end);
    const events = capture.endWait(fullId);
    this.#ended[end] += events;
    if (events === 0) return;
    this.#releasing = true;
    try {
      for (let pairs = capture.takeHeld(this.#segments); pairs > 0; pairs = capture.takeHeld(this.#segments)) {
        evaluate(this.#segments, pairs);
        capture.releaseHeld();
      }
    } finally {
      this.#releasing = false;
    }
  }

  #remember(id: string, reason: GapReason): void {
    this.#inVain.delete(id);
    this.#inVain.set(id, reason);
    for (const oldest of this.#inVain.keys()) {
      if (this.#inVain.size <= REMEMBERED) break;
      this.#inVain.delete(oldest);
    }
  }
}
