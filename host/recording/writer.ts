// Writes a recording: packs blocks and appends them. It never grows past the size it may have.

import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, crc32, zstdCompressSync } from 'node:zlib';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  encodeBlockHead,
  encodeFileHead,
  type RecordingEnd,
  type RecordingFacts,
} from './format.ts';

/** Level 1: the next ones cost twice the time and save a tenth of the size. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Kept free for the last block. */
const END_BYTES = BLOCK_HEAD_BYTES + 256;

export interface WriterCounters {
  /** Of the file. */
  readonly bytes: number;
  readonly blocks: number;
  readonly events: number;
  /** Events that no longer fitted. */
  readonly refused: number;
}

export class RecordingWriter {
  readonly #descriptor: number;
  readonly #most: number;
  #bytes = 0;
  #blocks = 0;
  #events = 0;
  #refused = 0;
  #full = false;

  /** Makes the file, readable for its owner only: it tells what happened on the machine. Throws what open() and write() do. */
  constructor(path: string, facts: RecordingFacts, most = Number.POSITIVE_INFINITY) {
    this.#most = most;
    this.#descriptor = openSync(path, 'w', 0o600);
    this.#append(encodeFileHead(facts));
  }

  /** Appends a payload that holds so many events. False when it no longer fits: then neither do those that follow. */
  write(payload: Uint8Array, events: number): boolean {
    const stored = this.#full ? undefined : zstdCompressSync(payload, PACKING);
    if (!stored || this.#bytes + BLOCK_HEAD_BYTES + stored.length + END_BYTES > this.#most) {
      this.#full = true;
      this.#refused += events;
      return false;
    }
    this.#block(BLOCK_KIND.DATA, stored, payload.length);
    this.#events += events;
    return true;
  }

  /** Ends the file; `dropped` are the events that did not get as far as to write(). Throws what write() does; the file is closed then, too. */
  close({ dropped, seconds }: Omit<RecordingEnd, 'events'>): void {
    const end: RecordingEnd = { events: this.#events, dropped: dropped + this.#refused, seconds };
    const json = Buffer.from(JSON.stringify(end));
    try {
      this.#block(BLOCK_KIND.END, zstdCompressSync(json), json.length);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  /** Leaves the file without an end, as it is. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  get counters(): WriterCounters {
    return { bytes: this.#bytes, blocks: this.#blocks, events: this.#events, refused: this.#refused };
  }

  #block(kind: 1 | 2, stored: Uint8Array, payloadLength: number): void {
    const head = encodeBlockHead({
      kind,
      storedLength: stored.length,
      payloadLength,
      checksum: crc32(stored),
      number: this.#blocks,
      eventsBefore: this.#events,
    });
    // In one write: a reader that comes meanwhile finds a block or none.
    this.#append(Buffer.concat([head, stored]));
    this.#blocks++;
  }

  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    this.#bytes += bytes.length;
  }
}
