// Segments that need not be evaluated: their index says that they have no event that a rule reads.

import { readBlock } from '../../recording/block.ts';
import type { ByteSource } from '../../recording/byte-source.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  FILE_HEAD_BYTES,
  type RecordingEnd,
  readBlockHead,
  readFileHead,
} from '../../recording/format.ts';
import { PayloadError } from '../../recording/payload.ts';
import { readEnd } from '../../recording/reader.ts';
import { lacksTypes, readIndex } from '../segment-index.ts';

/** What the end of such a segment says; undefined if it has to be read: also if it was cut off, or lacks a block. */
export function segmentWithout(source: ByteSource, types: ReadonlySet<string>): RecordingEnd | undefined {
  const index = readIndex(source);
  return index && lacksTypes(index, types) ? endOf(source) : undefined;
}

/** Goes from head to head, without reading what is between. */
function endOf(source: ByteSource): RecordingEnd | undefined {
  const { length } = readFileHead(source.read(0, FILE_HEAD_BYTES));
  let number = 0;
  for (let at = FILE_HEAD_BYTES + length; at < source.size; number++) {
    const head = readBlockHead(source.read(at, BLOCK_HEAD_BYTES));
    if (head?.number !== number) return undefined;
    if (head.kind === BLOCK_KIND.END) return endIn(readBlock(source, at, number));
    at += BLOCK_HEAD_BYTES + head.storedLength;
  }
  return undefined;
}

function endIn(block: ReturnType<typeof readBlock>): RecordingEnd | undefined {
  if (typeof block === 'string') return undefined;
  try {
    return readEnd(block.payload);
  } catch (error) {
    if (error instanceof PayloadError) return undefined;
    throw error;
  }
}
