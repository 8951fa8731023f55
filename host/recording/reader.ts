// Reads a recording: returns valid blocks and records damage with its place and reason. The file is not trusted.

import { readBlock, type Unpack } from './block.ts';
import type { ByteSource } from './byte-source.ts';
import { findNextHead } from './find-head.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  type BlockHead,
  FILE_HEAD_BYTES,
  type RecordingEnd,
  type RecordingFacts,
  readBlockHead,
  readFacts,
  readFileHead,
} from './format.ts';
import type { OtherRecords } from './other-records.ts';
import { type Payload, PayloadError, readPayload } from './payload.ts';
import type { Damage, RecordingSource } from './source.ts';

/** Most invalid blocks before it gives up: a hostile file could have heads everywhere, each of a block of some MB. */
const MOST_ATTEMPTS = 1000;
/** Places of damage that have an entry each; one more is for all others. */
const MOST_DAMAGE = 1000;
const GIVEN_UP = 'too much of the file is damaged';

/** How many events a block has, and how many of these have types that this version does not know. */
export type BlockTotals = Pick<Payload, 'events' | 'leftOut'>;

/** Reads and checks an unpacked block. @throws {PayloadError} */
export type ReadBlock<Read extends BlockTotals> = (bytes: Uint8Array, other: OtherRecords | undefined) => Read;

type Block<Read> = { readonly head: BlockHead } & (
  | { readonly kind: 'data'; readonly payload: Read }
  | { readonly kind: 'end'; readonly end: RecordingEnd }
  /** Data beside the events. */
  | { readonly kind: 'beside' }
);

export class RecordingReader implements RecordingSource {
  readonly facts: RecordingFacts;
  /** If its records have another layout than this version. */
  readonly #other: OtherRecords | undefined;
  readonly #source: ByteSource;
  readonly #isGrowing: boolean;
  readonly #damage: Damage[] = [];
  /** Offset of the next block, its number, and the events of all blocks before it, including lost ones. */
  #at: number;
  #number = 0;
  #position = 0;
  #events = 0;
  #leftOut = 0;
  #attempts = 0;
  /** Places of damage that are counted in the last entry. */
  #further = 0;
  #end: RecordingEnd | undefined;

  /**
   * @param isGrowing blocks() ends before a block that is not completely there, and goes on there when it is called again
   * @throws {RecordingError} when it is not a recording, or has another version
   */
  constructor(source: ByteSource, isGrowing = false) {
    this.#source = source;
    this.#isGrowing = isGrowing;
    const head = readFileHead(source.read(0, FILE_HEAD_BYTES));
    const { facts, other } = readFacts(source.read(FILE_HEAD_BYTES, head.length), head);
    this.facts = facts;
    this.#other = other;
    this.#at = FILE_HEAD_BYTES + head.length;
  }

  /** The damage found so far. */
  get damage(): readonly Damage[] {
    return this.#damage;
  }

  /** The contents of the last block; undefined before it was read, or if it is missing. */
  get end(): RecordingEnd | undefined {
    return this.#end;
  }

  /** Offset of the next block. */
  get position(): number {
    return this.#at;
  }

  /** Events of valid blocks so far. */
  get events(): number {
    return this.#events;
  }

  /** Events so far of types that this version does not have. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The valid blocks, in order, each completely checked. */
  *payloads(): Generator<Payload> {
    yield* this.blocks(readPayload);
  }

  /** The valid blocks, read in another way. @param unpack default: each block has bytes of its own */
  *blocks<Read extends BlockTotals>(read: ReadBlock<Read>, unpack?: Unpack): Generator<Read> {
    while (!this.#isGrowing || this.#isNextThere) {
      const block = this.#next(read, unpack);
      if (!block) return;
      if (block.kind === 'beside') continue;
      if (block.kind === 'end') {
        this.#end = block.end;
        return;
      }
      this.#events += block.payload.events;
      this.#leftOut += block.payload.leftOut;
      this.#position += block.payload.events;
      yield block.payload;
    }
  }

  /** Whether the next block is there to its end, or damaged. */
  get #isNextThere(): boolean {
    const { size } = this.#source;
    if (size - this.#at < BLOCK_HEAD_BYTES) return false;
    const head = readBlockHead(this.#source.read(this.#at, BLOCK_HEAD_BYTES));
    return !head || this.#at + BLOCK_HEAD_BYTES + head.storedLength <= size;
  }

  /** The next valid block; damage before it is recorded. */
  #next<Read extends BlockTotals>(read: ReadBlock<Read>, unpack?: Unpack): Block<Read> | undefined {
    const broke = this.#at;
    let reason: string | undefined;
    for (let at: number | undefined = broke; at !== undefined; at = this.#search(at)) {
      const block = this.#block(at, read, unpack);
      if (typeof block === 'string') {
        reason ??= block;
        continue;
      }
      const { number, eventsBefore, storedLength } = block.head;
      if (number !== this.#number) reason ??= `expected block ${this.#number}, found block ${number}`;
      if (reason !== undefined) {
        const eventsLost = Math.max(eventsBefore - this.#position, 0);
        this.#addDamage({ at: broke, reason, resumed: at, eventsLost });
      }
      this.#position = eventsBefore;
      this.#number = number + 1;
      this.#at = at + BLOCK_HEAD_BYTES + storedLength;
      return block;
    }
    const cutOff = this.#isNextThere ? {} : { isCutOff: true as const };
    this.#addDamage({ at: broke, reason: reason ?? GIVEN_UP, resumed: undefined, eventsLost: undefined, ...cutOff });
    return undefined;
  }

  /** What is beyond the bound is counted in the last entry: a hostile file could have damage at each block. */
  #addDamage(found: Damage): void {
    const last = this.#damage.length > MOST_DAMAGE ? this.#damage.pop() : undefined;
    if (!last) {
      this.#damage.push(found);
      return;
    }
    this.#further++;
    const eventsLost = (last.eventsLost ?? 0) + (found.eventsLost ?? 0);
    const reason = `${this.#further + 1} further places are damaged; at the last one, ${found.reason}`;
    this.#damage.push({ at: last.at, reason, resumed: found.resumed, eventsLost });
  }

  /** The block at that offset, or its error. */
  #block<Read extends BlockTotals>(at: number, read: ReadBlock<Read>, unpack?: Unpack): Block<Read> | string {
    const { size } = this.#source;
    if (at >= size) return `the file ends before block ${this.#number}: the last block is missing`;
    const block = readBlock(this.#source, at, this.#number, unpack);
    if (typeof block === 'string') return block;
    const { head, payload } = block;
    try {
      switch (head.kind) {
        case BLOCK_KIND.DATA:
          return { head, kind: 'data', payload: read(payload, this.#other) };
        case BLOCK_KIND.END:
          return { head, kind: 'end', end: readEnd(payload) };
        default:
          return { head, kind: 'beside' };
      }
    } catch (error) {
      if (error instanceof PayloadError) return `block ${head.number} is invalid: ${error.message}`;
      throw error;
    }
  }

  /** Finds the next head after the invalid block at that offset. */
  #search(bad: number): number | undefined {
    return ++this.#attempts > MOST_ATTEMPTS ? undefined : findNextHead(this.#source, bad);
  }
}

/** @throws {PayloadError} */
export function readEnd(payload: Uint8Array): RecordingEnd {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    throw new PayloadError('its numbers are not valid JSON');
  }
  const { events, dropped, seconds } = (typeof json === 'object' && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  if (typeof events !== 'number' || typeof dropped !== 'number' || typeof seconds !== 'number') {
    throw new PayloadError('its numbers are missing');
  }
  return { events, dropped, seconds };
}
