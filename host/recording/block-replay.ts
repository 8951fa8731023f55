// The fast replay: injects the blocks of a recording into a builder capture as they were unpacked. JavaScript only sees containers; events of
// types that nobody wants are counted and left out, and a check in native code takes the place of that of payload.ts.

import { loadAddon } from '../capture/addon.ts';
import type { BlockProgress, Capture } from '../capture/native.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { BLOCK_PROGRESS } from '../schema/block-progress.ts';
import { EVENT_TYPE_COUNT, EVENT_TYPES } from '../schema/events/index.ts';
import { type MemberName, member } from '../schema/layout.ts';
import type { Unpack } from './block.ts';
import { LONGEST_PAYLOAD } from './format.ts';
import type { OtherRecords } from './other-records.ts';
import { entryAt, PayloadError, readContainer, readPayload, writePayload } from './payload.ts';
import type { BlockTotals, ReadBlock } from './reader.ts';

export interface CheckedBlock extends BlockTotals {
  readonly bytes: Uint8Array;
}

/**
 * Reads a block as BlockReplay takes it: in the layout of this version.
 * @throws {PayloadError}
 */
export function checkedBlock(bytes: Uint8Array, other: OtherRecords | undefined): CheckedBlock {
  if (other) {
    const { entries, events, leftOut } = readPayload(bytes, other);
    return { bytes: writePayload(entries), events, leftOut };
  }
  const events = loadAddon().checkBlock(bytes);
  if (typeof events === 'string') throw new PayloadError(events);
  return { bytes, events, leftOut: 0 };
}

/** How a reader unpacks blocks, and then checks them. */
export interface BlockReading {
  /** Undefined where this Node does not let the addon do so: then there is node:zlib. */
  readonly unpack: Unpack | undefined;
  readonly read: ReadBlock<CheckedBlock>;
}

/** Unpacks blocks into the same bytes, each in place of the one before. Restored blocks are checked while they are in the processor's cache. */
export function readingInPlace(): BlockReading {
  const { unpack, restoreBlock } = loadAddon();
  if (!unpack) return { unpack: undefined, read: checkedBlock };
  const [bytes, others] = [new Uint8Array(LONGEST_PAYLOAD), new Uint8Array(LONGEST_PAYLOAD)];
  let checked: CheckedBlock | undefined;
  return {
    unpack(stored, length, eventsAt) {
      checked = undefined;
      const unpacked = bytes.subarray(0, length);
      if (unpack(stored, unpacked) !== length) return undefined;
      if (eventsAt === 0) return unpacked;
      const payload = others.subarray(0, length);
      const events = restoreBlock(unpacked, eventsAt, payload);
      if (events === undefined) return undefined;
      if (events >= 0) checked = { bytes: payload, events, leftOut: 0 };
      return payload;
    },
    read: (payload, other) => (!other && checked?.bytes === payload ? checked : checkedBlock(payload, other)),
  };
}

const WORD = BigUint64Array.BYTES_PER_ELEMENT;

function indexOf(name: MemberName<typeof BLOCK_PROGRESS>): number {
  return member(BLOCK_PROGRESS, name).offset / WORD;
}

const AT = {
  position: indexOf('position'),
  eventsEnd: indexOf('events_end'),
  clock: indexOf('clock'),
  injected: indexOf('injected'),
  skipped: indexOf('skipped'),
} as const;

export class BlockReplay {
  readonly #capture: Capture;
  #wanted: Uint8Array;
  readonly #onContainer: (id: string, entry: Uint8Array) => void;
  readonly #progress: BlockProgress = new BigUint64Array(BLOCK_PROGRESS.size / WORD);
  #block: Uint8Array = new Uint8Array(0);

  /**
   * @param types names of the event types that are evaluated
   * @param onContainer called with the metadata of a container, when it was recorded; it is not in the capture's table yet
   */
  constructor(capture: Capture, types: ReadonlySet<string>, onContainer: (id: string, entry: Uint8Array) => void) {
    this.#capture = capture;
    this.#onContainer = onContainer;
    this.#wanted = new Uint8Array(EVENT_TYPE_COUNT);
    for (const { name, number } of EVENT_TYPES) if (types.has(name)) this.#wanted[number] = 1;
  }

  /** Leaves out all events from now on: only processes, containers and the time are replayed. */
  leaveOutEvents(): void {
    this.#wanted = new Uint8Array(EVENT_TYPE_COUNT);
  }

  /** Begins a block. The previous one must have ended. */
  begin({ bytes }: CheckedBlock): void {
    this.#block = bytes;
    this.#progress[AT.position] = 0n;
    this.#progress[AT.eventsEnd] = 0n;
  }

  /**
   * Injects what comes next. True if there are events to evaluate before it goes on; false at the end of the block.
   * @throws {PayloadError} for a container that is invalid; the rest of the block is left out
   */
  feed(): boolean {
    const { injected, position } = AT;
    const before = this.#progress[injected];
    for (;;) {
      this.#capture.replayBlock(this.#block, this.#wanted, this.#progress);
      if (this.#progress[injected] !== before) return true;
      const at = Number(this.#progress[position]);
      if (at >= this.#block.length) return false;
      const { body, next } = entryAt(this.#block, at);
      this.#progress[position] = BigInt(next);
      const { id, entry } = readContainer(body);
      this.#onContainer(id, entry);
    }
  }

  /** The current recorded time, CLOCK_MONOTONIC of its machine. */
  get milliseconds(): number {
    return Number((this.#progress[AT.clock] ?? 0n) / NANOSECONDS_PER_MS);
  }

  /** Events that were left out because nobody wants them. */
  get skipped(): number {
    return Number(this.#progress[AT.skipped]);
  }
}
