// One segment of the journal as it is written: a recording, with an index block before its end. Nothing here waits for a disk.

import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, zstdCompress } from 'node:zlib';
import type { JournalBlock } from '../engine/messages/journal-block.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { arranged } from '../recording/arranged.ts';
import {
  BLOCK_KIND,
  encodeBlockHead,
  encodeFileHead,
  type RecordingEnd,
  type RecordingFacts,
} from '../recording/format.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import { encodeIndex, type IndexedBlock } from './segment-index.ts';

const compress = promisify(zstdCompress);
const TYPE_NAMES: ReadonlyMap<number, string> = new Map(EVENT_TYPES.map(({ number, name }) => [number, name]));
/** Level 6 takes 1.6 us an event, level 1 a fifth of that and 6 % more bytes; levels 2 to 4 save nothing. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 6 } };

/** A block, packed: what is written, and what the index says of it. */
export interface PackedBlock {
  readonly stored: Uint8Array;
  readonly payloadLength: number;
  /** 0 if it is not arranged. */
  readonly eventsAt: number;
  /** Numbers of its events' types; undefined if they are not known. */
  readonly types: readonly number[] | undefined;
  readonly extent: JournalBlock['extent'];
}

/** Clocks that drift are corrected by less within the hour that a segment has at most. */
const CLOCK_STEP_MS = 5_000;

export async function packBlock({ payload, extent }: JournalBlock): Promise<PackedBlock> {
  const { bytes, eventsAt, types } = arranged(payload);
  return { stored: await compress(bytes, PACKING), payloadLength: payload.length, eventsAt, types, extent };
}

export class Segment {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #began = performance.now();
  readonly #clockBegan = Date.now() - this.#began;
  readonly #index: IndexedBlock[] = [];
  #bytes = 0;
  #blocks = 0;
  #events = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file, readable only by its owner. Rejects with the errors of open() and write(). */
  static async create(path: string, facts: RecordingFacts): Promise<Segment> {
    const segment = new Segment(path, await open(path, 'wx', 0o600));
    try {
      await segment.#append(encodeFileHead(facts));
    } catch (error) {
      await segment.abandon();
      throw error;
    }
    return segment;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get events(): number {
    return this.#events;
  }

  get milliseconds(): number {
    return performance.now() - this.#began;
  }

  /** Whether somebody has set the wall clock since it was begun. */
  get isOfOtherClock(): boolean {
    return Math.abs(Date.now() - performance.now() - this.#clockBegan) > CLOCK_STEP_MS;
  }

  /** Rejects with the errors of write(); what it had written of the block is cut off, as far as that is possible. */
  async write({ stored, payloadLength, eventsAt, types, extent }: PackedBlock): Promise<void> {
    const at = this.#bytes;
    await this.#block(BLOCK_KIND.DATA, stored, payloadLength, eventsAt);
    this.#events += extent.events;
    if (extent.events === 0) return;
    this.#index.push({
      at,
      events: extent.events,
      from: Number(extent.first / NANOSECONDS_PER_MS),
      to: Number(extent.last / NANOSECONDS_PER_MS) + 1,
      pids: [...extent.pids],
      containers: extent.containers,
      types: types?.flatMap((number) => TYPE_NAMES.get(number) ?? []),
    });
  }

  /** Writes index and last block, and closes the file; that also if it rejects. @param dropped events that never reached the journal */
  async close(dropped: number): Promise<void> {
    try {
      const index = encodeIndex(this.#index);
      await this.#block(BLOCK_KIND.INDEX, await compress(index, PACKING), index.length);
      const end: RecordingEnd = { events: this.#events, dropped, seconds: this.milliseconds / 1000 };
      const json = Buffer.from(JSON.stringify(end));
      await this.#block(BLOCK_KIND.END, await compress(json, PACKING), json.length);
    } finally {
      await this.abandon();
    }
  }

  /** Closes the file as it is. Never rejects. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #block(kind: number, stored: Uint8Array, payloadLength: number, eventsAt = 0): Promise<void> {
    const head = encodeBlockHead({
      kind,
      storedLength: stored.length,
      payloadLength,
      eventsAt,
      checksum: crc32(stored),
      number: this.#blocks,
      eventsBefore: this.#events,
    });
    // In one write, so that a concurrent reader finds a complete block or none.
    await this.#append(Buffer.concat([head, stored]));
    this.#blocks++;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done, bytes.length - done, this.#bytes + done)).bytesWritten;
      }
    } catch (error) {
      await this.#file.truncate(this.#bytes).catch(() => {});
      throw error;
    }
    this.#bytes += bytes.length;
  }
}
