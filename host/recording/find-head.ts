// Finds where a recording continues after damage, by the heads of its blocks, which have check sums.

import type { ByteSource } from './byte-source.ts';
import { BLOCK_HEAD_BYTES, BLOCK_MAGIC, readBlockHead } from './format.ts';

const SEARCH_BYTES = 1 << 16;

/** Offset of the first valid head from there on; undefined: there is none. */
export function findHead(source: ByteSource, from: number): number | undefined {
  // Windows overlap by a head, so that each head is completely in one of them.
  for (let at = from; at + BLOCK_HEAD_BYTES <= source.size; at += SEARCH_BYTES - BLOCK_HEAD_BYTES + 1) {
    const bytes = source.read(at, SEARCH_BYTES);
    const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let found = window.indexOf(BLOCK_MAGIC); found >= 0; found = window.indexOf(BLOCK_MAGIC, found + 1)) {
      if (readBlockHead(window.subarray(found))) return at + found;
    }
  }
  return undefined;
}

/** Offset of the head behind an invalid block: at its end if its own head is valid, else anywhere. */
export function findNextHead(source: ByteSource, bad: number): number | undefined {
  const head = readBlockHead(source.read(bad, BLOCK_HEAD_BYTES));
  const end = head && bad + BLOCK_HEAD_BYTES + head.storedLength;
  if (end !== undefined && readBlockHead(source.read(end, BLOCK_HEAD_BYTES))) return end;
  return findHead(source, bad + 1);
}
