// Blocks of a savefile: type, length, body, zeros up to a multiple of 4, the length again. README.md describes them.

import type { ByteStream } from './byte-stream.ts';
import { ScapError } from './error.ts';

export const BLOCK = {
  SECTION: 0x0a0d0d0a,
  MACHINE: 0x201,
  INTERFACES: 0x219,
  USERS: 0x220,
  PROCESSES: 0x215,
  DESCRIPTORS: 0x218,
  EVENT: 0x216,
  FLAGGED_EVENT: 0x217,
  LARGE_EVENT: 0x221,
  FLAGGED_LARGE_EVENT: 0x222,
} as const;

/** Bytes of an event's header, which the lengths of its parameters follow. */
export const EVENT_HEADER_BYTES = 26;
/** Flag of a flagged event: it updates the reader's state, and no rule sees it. */
export const STATE_ONLY = 1;

/** Bytes of a block's head and trailer. */
const AROUND_BYTES = 12;
const HEAD_BYTES = 8;
const TRAILER_BYTES = 4;

/** More than a block has: an event of 64 K of data and its lengths; a list of tens of thousands of threads. */
const LONGEST_EVENT_BLOCK = 16 << 20;
const LONGEST_LIST = 64 << 20;

export interface Block {
  readonly type: number;
  /** Offset of the block in the unpacked file. */
  readonly at: number;
  /** With the zeros that follow it; empty if the block was skipped. Valid until the next block is read. */
  readonly body: Uint8Array;
}

export class BlockReader {
  readonly #stream: ByteStream;
  readonly #isList: (type: number) => boolean;

  /** @param isList whether a block is a list that is read; others but events and sections are skipped */
  constructor(stream: ByteStream, isList: (type: number) => boolean) {
    this.#stream = stream;
    this.#isList = isList;
  }

  /** Undefined at the end. @throws {ScapError} */
  next(): Block | undefined {
    const at = this.#stream.position;
    const head = this.#stream.read(HEAD_BYTES);
    if (head.length === 0) return undefined;
    if (head.length < HEAD_BYTES) throw cutOff(at);
    const view = viewOf(head);
    const type = view.getUint32(0, true);
    const total = view.getUint32(4, true);
    const isSkipped = isMetadata(type) && !this.#isList(type);
    const longest = isEvent(type) ? LONGEST_EVENT_BLOCK : isSkipped ? Number.POSITIVE_INFINITY : LONGEST_LIST;
    if (total < AROUND_BYTES || total > longest) throw new ScapError('SCAP_BLOCK', `a block has a length of ${total}`);
    const skipped = isSkipped ? this.#stream.skip(total - AROUND_BYTES) : 0;
    const length = total - HEAD_BYTES - skipped;
    const rest = this.#stream.read(length);
    if (rest.length < length) throw cutOff(at);
    const body = rest.subarray(0, rest.length - TRAILER_BYTES);
    const trailer = viewOf(rest).getUint32(body.length, true);
    if (trailer !== total && isMetadata(type)) {
      throw new ScapError('SCAP_BLOCK', `a block begins with the length ${total} and ends with ${trailer}`);
    }
    return { type, at, body };
  }
}

function cutOff(at: number): ScapError {
  return new ScapError('SCAP_CUT_OFF', `the file ends within the block at byte ${at}`);
}

const EVENTS: ReadonlySet<number> = new Set([0x204, 0x208, 0x8010abcd, 0x216, 0x217, 0x221, 0x222]);

export function isEvent(type: number): boolean {
  return EVENTS.has(type);
}

/** Falco checks the trailers of these. */
function isMetadata(type: number): boolean {
  return !isEvent(type) && type !== BLOCK.SECTION;
}

/** A block with that body. */
export function encodeBlock(type: number, body: Uint8Array): Uint8Array {
  const total = Math.ceil((AROUND_BYTES + body.length) / 4) * 4;
  const bytes = new Uint8Array(total);
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  bytes.set(body, HEAD_BYTES);
  view.setUint32(total - TRAILER_BYTES, total, true);
  return bytes;
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
