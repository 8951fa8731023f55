// What happened to a process, as the kernel reported it: it was forked, ran a program, changed, ended.

import type { EventMemory } from '../fields/memory.ts';
import { type ImageBytes, ImageRecord } from '../fields/record.ts';
import { decode } from '../fields/value.ts';
import { IMAGE_FLAGS, IMAGE_KIND } from '../schema/image.ts';

/** `snapshot`: it ran already when the recording began. */
export type ProcessChange = 'snapshot' | 'fork' | 'exec' | 'change' | 'exit';

const CHANGES: ReadonlyMap<number, ProcessChange> = new Map([
  [IMAGE_KIND.SNAPSHOT, 'snapshot'],
  [IMAGE_KIND.FORK, 'fork'],
  [IMAGE_KIND.EXEC, 'exec'],
  [IMAGE_KIND.CHANGE, 'change'],
  [IMAGE_KIND.EXIT, 'exit'],
]);

/** Valid until the next item is read. */
export class ProcessView {
  readonly kind = 'process';
  readonly #record: ImageRecord;
  /** The image in the process table, with its user's names, container and parents; undefined if the table had no room for it, and of an exit. */
  readonly image: ImageRecord | undefined;

  /** @param address of a lifecycle record in `log` */
  constructor(log: EventMemory, address: number, image: ImageRecord | undefined) {
    this.#record = new ImageRecord(log, address);
    this.image = image;
  }

  get change(): ProcessChange {
    return CHANGES.get(this.#record.number('kind')) ?? 'change';
  }

  /** ns since the epoch. */
  get time(): bigint {
    return this.#record.big('time');
  }

  /** Id of the image; of an exit, that of the image that the process had. */
  get id(): bigint {
    return this.#record.big('id');
  }

  /** Image id of the process that forked this one; 0 = unknown. */
  get parent(): bigint {
    return this.#record.big('parent');
  }

  /** Image id that this one replaces in the same process; 0 for a fork and a snapshot. */
  get previous(): bigint {
    return this.#record.big('previous');
  }

  get pid(): number {
    return this.#record.number('pid');
  }

  /** Process id of the parent when the image came to be. */
  get ppid(): number {
    return this.#record.number('ppid');
  }

  /** ns since the epoch: when the process was forked. */
  get start(): bigint {
    return this.#record.big('start_time');
  }

  /** Whether it is of a single thread, not of its process. */
  get isOfThread(): boolean {
    return (this.#record.number('flags') & IMAGE_FLAGS.THREAD) !== 0;
  }

  /** Wait status of an exit: the exit code << 8, or the number of a signal. */
  get waitStatus(): number {
    return this.#record.number('exit_code');
  }

  /** A string of the image, e.g. `cmdline`; undefined if it is absent. */
  text(member: ImageBytes): string | undefined {
    const bytes = this.image?.bytes(member);
    return bytes && decode(bytes);
  }
}
