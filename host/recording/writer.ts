// Writes a recording: compresses blocks and appends them, up to a maximum size.

import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, crc32, zstdCompressSync } from 'node:zlib';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  encodeBlockHead,
  encodeFileHead,
  LONGEST_PAYLOAD,
  type RecordingEnd,
  type RecordingFacts,
} from './format.ts';

/** Level 1: higher levels take twice the time and save a tenth of the size. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Room reserved for the last block. */
const END_BYTES = BLOCK_HEAD_BYTES + 256;

export interface WriterCounters {
  /** Bytes of the file. */
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

  /**
   * Creates the file, readable only by its owner, because it shows what happened on the machine. Throws the errors of open() and write().
   * @param how `new`: the file must not be there, not even as a link
   */
  constructor(path: string, facts: RecordingFacts, most = Number.POSITIVE_INFINITY, how: 'new' | 'over' = 'over') {
    this.#most = most;
    this.#descriptor = openSync(path, how === 'new' ? 'wx' : 'w', 0o600);
    this.#append(encodeFileHead(facts));
  }

  /** Appends a payload with so many events. False when it no longer fits; then later ones are not written either. */
  write(payload: Uint8Array, events: number): boolean {
    const stored = this.#full ? undefined : zstdCompressSync(payload, PACKING);
    if (!stored || !this.#fits(stored)) {
      this.#full = true;
      this.#refused += events;
      return false;
    }
    this.#block(BLOCK_KIND.DATA, stored, payload.length);
    this.#events += events;
    return true;
  }

  /** Appends a block of another kind. False when it no longer fits. Throws the errors of write(). */
  writeBeside(kind: number, payload: Uint8Array): boolean {
    const stored = this.#full || payload.length > LONGEST_PAYLOAD ? undefined : zstdCompressSync(payload, PACKING);
    if (!stored || !this.#fits(stored)) return false;
    this.#block(kind, stored, payload.length);
    return true;
  }

  /** Writes the last block; `dropped` are the events that never reached write(). Throws the errors of write(); the file is closed then, too. */
  close({ dropped, seconds, cuts }: Omit<RecordingEnd, 'events'>): void {
    const end: RecordingEnd = {
      events: this.#events,
      dropped: dropped + this.#refused,
      seconds,
      ...(cuts && { cuts }),
    };
    const json = Buffer.from(JSON.stringify(end));
    try {
      this.#block(BLOCK_KIND.END, zstdCompressSync(json), json.length);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  /** Closes the file without a last block. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  get counters(): WriterCounters {
    return { bytes: this.#bytes, blocks: this.#blocks, events: this.#events, refused: this.#refused };
  }

  #fits(stored: Uint8Array): boolean {
    return this.#bytes + BLOCK_HEAD_BYTES + stored.length + END_BYTES <= this.#most;
  }

  #block(kind: number, stored: Uint8Array, payloadLength: number): void {
    const head = encodeBlockHead({
      kind,
      storedLength: stored.length,
      eventsAt: 0,
      payloadLength,
      checksum: crc32(stored),
      number: this.#blocks,
      eventsBefore: this.#events,
    });
    // In one write, so that a concurrent reader finds a complete block or none.
    this.#append(Buffer.concat([head, stored]));
    this.#blocks++;
  }

  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    this.#bytes += bytes.length;
  }
}
