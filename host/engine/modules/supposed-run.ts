// Evaluates a call that BPF LSM has refused by the rule that it was refused for: on what the event would be if the call had succeeded. The kernel decides by
// clauses that a module brings along, and this shows whether its code says the same. No other rule is evaluated on such an event, and no alert comes of it.

import type { Capture } from '../../capture/native.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { type RunFailure, type RunLimits, runEvaluate } from '../../sandbox/run.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import type { SetModule } from './set-module.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const IMAGE_ADDRESS = member(EVENT_HEADER, 'image_address').offset;

/** Whether a rule matches what a refused call would have done. `unknown`: it could not be evaluated. */
export type Supposed = 'matches' | 'differs' | 'unknown';

export type SupposingCapture = Pick<Capture, 'supposeRefused'>;

export class SupposedRun {
  readonly #capture: SupposingCapture;
  readonly #memory: EventMemory;
  readonly #limits: RunLimits;
  /** The rules that match the call which is being evaluated; undefined: none is. */
  #matching: Set<number> | undefined;

  constructor(capture: SupposingCapture, memory: EventMemory, limits: RunLimits) {
    this.#capture = capture;
    this.#memory = memory;
    this.#limits = limits;
  }

  /** To be called with each match of a module. True: it belongs to a supposed run, and to no event. */
  takes(rule: number): boolean {
    this.#matching?.add(rule);
    return this.#matching !== undefined;
  }

  /**
   * Undefined for an event of an earlier batch: it was evaluated with that.
   * @param describe gives the image at an address its candidates
   */
  verdict(
    module: SetModule | undefined,
    rule: number,
    event: number,
    describe: (image: number) => void,
    onFailure: (failure: RunFailure) => void,
  ): Supposed | undefined {
    const supposed = this.#capture.supposeRefused(event);
    if (supposed === undefined) return undefined;
    if (supposed === 0 || !module) return 'unknown';
    const image = this.#memory.u32(supposed + IMAGE_ADDRESS);
    if (image !== this.#memory.u32(event + IMAGE_ADDRESS)) describe(image);
    if (module.failure) return 'unknown';
    const matching = new Set<number>();
    this.#matching = matching;
    const end = supposed + this.#memory.u32(supposed + SIZE);
    const result = runEvaluate(module.instance, supposed, end, this.#limits);
    this.#matching = undefined;
    if (!result.ok) {
      onFailure(result);
      return 'unknown';
    }
    return matching.has(rule) ? 'matches' : 'differs';
  }
}
