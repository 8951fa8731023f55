// One block of a recording: its head, and what is packed behind it.

import { constants, crc32, zstdDecompressSync } from 'node:zlib';
import { restored } from './arranged.ts';
import type { ByteSource } from './byte-source.ts';
import { BLOCK_HEAD_BYTES, type BlockHead, readBlockHead } from './format.ts';

const ROOM_BEHIND = 64;
/** 8 MB: more than a block needs, and far less than a hostile one could request. */
export const UNPACKING = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** A block that is in no file: what its head would say. */
export type BlockInMemory = Pick<BlockHead, 'payloadLength' | 'eventsAt'> & { readonly stored: Uint8Array };

/** Unpacks what a block stores, of which its head says how long it is unpacked, and how it is arranged. Undefined if it is invalid. */
export type Unpack = (stored: Uint8Array, length: number, eventsAt: number) => Uint8Array | undefined;

/**
 * The block at that offset, which is within the source, or its error.
 * @param expected its number, for the error
 */
export function readBlock(
  source: ByteSource,
  at: number,
  expected: number,
  unpack: Unpack = unpackBlock,
): { readonly head: BlockHead; readonly payload: Uint8Array } | string {
  const { size } = source;
  const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
  if (!head) {
    if (size - at < BLOCK_HEAD_BYTES) return `the file ends at byte ${size}, within the head of block ${expected}`;
    return `the head of block ${expected} is damaged`;
  }
  const stored = source.read(at + BLOCK_HEAD_BYTES, head.storedLength);
  if (stored.length < head.storedLength) return `the file ends at byte ${size}, within block ${head.number}`;
  if (crc32(stored) !== head.checksum) return `the checksum of block ${head.number} is wrong`;
  const payload = unpack(stored, head.payloadLength, head.eventsAt);
  return payload ? { head, payload } : `block ${head.number} can't be unpacked`;
}

/** Into bytes of its own. Undefined if it is invalid. */
export function unpackBlock(stored: Uint8Array, length: number, eventsAt: number): Uint8Array | undefined {
  const arranged = unpackBytes(stored, length);
  return arranged && restored(arranged, eventsAt);
}

function unpackBytes(stored: Uint8Array, length: number): Uint8Array | undefined {
  try {
    // One piece of output, a little longer than needed: otherwise Node joins many small ones, which halves its speed.
    const chunkSize = Math.max(length, 1) + ROOM_BEHIND;
    const payload = zstdDecompressSync(stored, { ...UNPACKING, chunkSize, maxOutputLength: Math.max(length, 1) });
    return payload.length === length ? payload : undefined;
  } catch {
    return undefined;
  }
}
