// Enforcement of rules in the kernel, on the worker's side: takes over with each set of rules, and says which containers may be acted on.

import type { MissingEnforcer } from '../capture/enforcement-means.ts';
import type { Capture } from '../capture/native.ts';
import type { EventMemory } from '../fields/memory.ts';
import { type ContainerRecord, ImageRecord } from '../fields/record.ts';
import { decode } from '../fields/value.ts';
import { CONTAINER_STATE, POD_STATE } from '../schema/container.ts';
import type { EnforcementStart } from './protocol.ts';

const IMAGES_AT_ONCE = 4096;

export class KernelEnforcer {
  readonly #capture: Capture;
  readonly #memory: EventMemory;
  #never: EnforcementStart['never'] | undefined;
  #isOn = false;

  constructor(capture: Capture, memory: EventMemory) {
    this.#capture = capture;
    this.#memory = memory;
  }

  /** Makes the tables of the next rules; it learns of the candidates in that bank from now on. */
  prepare(start: EnforcementStart | undefined, bank: number): void {
    if (start) this.#capture.prepareEnforcement(bank, start.bytes, start.rules);
  }

  /**
   * Enforces what was prepared, in place of what was before; undefined: nothing.
   * @returns what the kernel lacks for it; undefined if nothing has changed
   */
  takeOver(start: EnforcementStart | undefined, bank: number): readonly MissingEnforcer[] | undefined {
    if (!start && !this.#isOn) return undefined;
    this.#never = start?.never;
    if (start) this.permitAll();
    this.#isOn = start !== undefined;
    return this.#capture.enforce(start && bank);
  }

  /** The metadata of a container have come. */
  containerKnown(): void {
    if (this.#isOn) this.permitAll();
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
        if (id && id.length > 0) this.#capture.permitEnforcement(decode(id), this.#isPermitted(container));
      }
      first += count;
      count = this.#capture.listImages(first, addresses);
    }
  }

  /** What `never` says of it is known, and does not hold. */
  #isPermitted(container: ContainerRecord): boolean {
    const never = this.#never;
    if (!never) return false;
    const podState = container.number('pod_state');
    if (container.number('state') !== CONTAINER_STATE.KNOWN) return false;
    if (podState !== POD_STATE.NONE && podState !== POD_STATE.KNOWN) return false;
    const text = (name: string): string => decode(container.bytes(name) ?? new Uint8Array());
    if (never.namespaces.includes(text('pod_namespace'))) return false;
    const labels = new Set(text('labels').split('\0'));
    const podLabels = new Set(text('pod_labels').split('\0'));
    return never.labels.every(([key, value]) => !labels.has(`${key}=${value}`) && !podLabels.has(`${key}:${value}`));
  }
}
