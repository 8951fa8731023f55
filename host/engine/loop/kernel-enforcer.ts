// Enforcement of rules in the kernel, on the worker's side: takes over with each set of rules, and says which containers may be acted on.

import { type Capture, IMAGES_AT_ONCE } from '../../capture/native.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { ImageRecord } from '../../fields/record.ts';
import { decode } from '../../fields/value.ts';
import { EnforcedMatches } from '../matches/enforced-matches.ts';
import type { Enforcing } from '../messages/protocol.ts';
import type { EnforcementStart } from '../messages/rule-set-start.ts';
import { permitOf } from './container-permit.ts';

export class KernelEnforcer {
  readonly #capture: Capture;
  readonly #memory: EventMemory;
  /** What the kernel does, held against what the rules match. */
  readonly matches: EnforcedMatches;
  /** What is enforced; undefined: nothing. */
  #start: EnforcementStart | undefined;
  /** Whether it is known what was enforced before. */
  #hasAsked = false;

  constructor(capture: Capture, memory: EventMemory) {
    this.#capture = capture;
    this.#memory = memory;
    this.matches = new EnforcedMatches(memory);
  }

  /** Makes the tables of the next rules; it learns of the candidates in that bank from now on. */
  prepare(start: EnforcementStart | undefined, bank: number): void {
    if (start) this.#capture.prepareEnforcement(bank, start.bytes, start.rules, start.pins);
  }

  /**
   * Enforces what was prepared, in place of what was before; undefined: nothing. If that fails, what was before stays.
   * @returns undefined if nothing has changed
   */
  takeOver(start: EnforcementStart | undefined, bank: number): Enforcing | undefined {
    const before = this.#start;
    if (!start && !before) return undefined;
    this.#use(start, before !== undefined);
    try {
      const missing = this.#capture.enforce(start && bank);
      const unattended = this.#hasAsked ? undefined : this.#capture.unattendedEnforcement();
      this.#hasAsked = true;
      return { missing, ...(unattended && { unattended }) };
    } catch (error) {
      this.#use(before, true);
      throw error;
    }
  }

  /** Permits of the old settings become invalid. Each container gets a new one before the old ones are dropped, so that none is without a permit. */
  #use(start: EnforcementStart | undefined, renews: boolean): void {
    this.#start = start;
    this.matches.use(start);
    if (!start) return;
    if (renews) this.#capture.renewPermits();
    this.permitAll();
    if (renews) this.#capture.forgetPermits();
  }

  /** The metadata of a container have come. */
  containerKnown(): void {
    if (this.#start) this.permitAll();
  }

  /** Looks at all containers that have processes. */
  permitAll(): void {
    const seen = new Set<number>();
    const addresses = new Uint32Array(IMAGES_AT_ONCE);
    let first = 0;
    let count = this.#capture.listImages(first, addresses);
    while (count > 0) {
      for (const address of addresses.subarray(0, count)) {
        const container = address === 0 ? undefined : ImageRecord.at(this.#memory, address)?.container;
        if (!container || container.isHost || seen.has(container.address)) continue;
        seen.add(container.address);
        const id = container.bytes('full_id');
        if (id && id.length > 0) this.#capture.permitEnforcement(decode(id), permitOf(container, this.#start?.never));
      }
      first += count;
      count = this.#capture.listImages(first, addresses);
    }
  }
}
