// The metadata of a container, as its runtime and the API server answered.

import { type ContainerBytes, ContainerRecord } from '../fields/record.ts';
import { decode } from '../fields/value.ts';

/** Valid until the next item is read. */
export class ContainerView {
  readonly kind = 'container';
  /** The container's id as the capture knows it: its full id. */
  readonly id: string;
  readonly #record: ContainerRecord;

  /** @param entry a `struct container` with its strings */
  constructor(id: string, entry: Uint8Array) {
    this.id = id;
    this.#record = ContainerRecord.of(entry);
  }

  /** ns since the epoch; 0 = unknown. */
  get startTime(): bigint {
    return this.#record.big('start_time');
  }

  /** A string of the entry, e.g. `pod_name`; undefined if it is absent. */
  text(member: ContainerBytes): string | undefined {
    const bytes = this.#record.bytes(member);
    return bytes && decode(bytes);
  }
}
