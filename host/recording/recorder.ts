// The recorder, in the worker: copies the batches of the capture, in the order in which they were read, into
// blocks.

import type { Capture } from '../capture/native.ts';
import { detachRecords } from './event-records.ts';
import { splitLog } from './image-entries.ts';
import { PayloadBuilder } from './payload.ts';

/** Size at which a block is complete: larger ones compress little better, and a damaged one loses little. */
const BLOCK_BYTES = 1 << 20;
/** Longest time until a block is complete, so that it is in the file if this process is killed. */
const BLOCK_MS = 1000;
/** The snapshot of a large machine has some MB. */
const PIECE_BYTES = 1 << 19;

export interface RecordedBlock {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly events: number;
}

export class Recorder {
  readonly #capture: Capture;
  readonly #memory: Uint8Array;
  readonly #send: (block: RecordedBlock) => void;
  readonly #payload = new PayloadBuilder();
  readonly #containers: { readonly id: string; readonly entry: Uint8Array }[] = [];
  #began = performance.now();
  #snapshotComplete = false;

  /** Before capture.start(). `buffer` is the sandbox's memory. */
  constructor(capture: Capture, buffer: ArrayBufferLike, send: (block: RecordedBlock) => void) {
    this.#capture = capture;
    this.#memory = new Uint8Array(buffer);
    this.#send = send;
    capture.logImages();
  }

  /** Records the metadata of a container. */
  container(id: string, entry: Uint8Array): void {
    this.#containers.push({ id, entry });
  }

  /** Records one batch: `segments` are the pairs of addresses returned by poll(). */
  batch(segments: Uint32Array, pairs: number): void {
    const log = this.#capture.takeImageLog();
    if (pairs > 0 || log.length > 0 || this.#containers.length > 0) {
      this.#payload.step(process.hrtime.bigint(), !this.#snapshotComplete);
      this.#snapshotComplete = true;
      for (const piece of splitLog(log, PIECE_BYTES)) {
        this.#makeRoom(piece.length);
        this.#payload.images(piece);
      }
      for (const { id, entry } of this.#containers.splice(0)) {
        this.#makeRoom(id.length * 3 + entry.length + 16);
        this.#payload.container(id, entry);
      }
      for (let pair = 0; pair < pairs; pair++) {
        const records = this.#memory.subarray(segments[2 * pair], segments[2 * pair + 1]);
        this.#makeRoom(records.length);
        this.#payload.records(records, detachRecords);
      }
    }
    const full = this.#payload.length >= BLOCK_BYTES;
    if (full || (this.#payload.length > 0 && performance.now() - this.#began >= BLOCK_MS)) this.flush();
  }

  /** Passes on the incomplete block. */
  flush(): void {
    const { events, length } = this.#payload;
    this.#began = performance.now();
    if (length > 0) this.#send({ payload: this.#payload.take(), events });
  }

  #makeRoom(length: number): void {
    if (!this.#payload.hasRoom(length)) this.flush();
  }
}
