// The form in which audit events are kept: a file is a row of blocks, each a frame of zstd that other programs pass over (it says what follows, and
// its check sum), and a frame with lines of JSON. So `zstd -dc` prints a file, and what is damaged costs no more than its block.

import { promisify } from 'node:util';
import { constants, crc32, zstdCompress, zstdDecompressSync } from 'node:zlib';

const compress = promisify(zstdCompress);
/** Compression as for the segments of the journal. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 6 } };

const SKIPPABLE_FRAME = 0x184d2a50;
const FRAME_HEAD_BYTES = 8;
const MARK = Buffer.from('WSPAUDIT');
/** The mark, the bytes of the next frame, a check sum, events, events that are missing before it, and the time of the last one. */
const OWN_BYTES = MARK.length + 4 * 4 + 8;
export const HEAD_BYTES = FRAME_HEAD_BYTES + OWN_BYTES;
/** The check sum is of what follows it, and of the next frame. */
const SUMMED_FROM = FRAME_HEAD_BYTES + MARK.length + 2 * 4;
/** Bytes of the lines of a block: what claims to be larger was not written here. */
const MOST_LINES_BYTES = 8 << 20;

export interface AuditBlock {
  /** Lines of JSON, each with its end. */
  readonly lines: Uint8Array;
  readonly events: number;
  /** Events before it that could not be kept. */
  readonly leftOut: number;
  /** Time of its last event, in ms since the epoch. */
  readonly to: number;
}

export interface AuditBlockHead extends Omit<AuditBlock, 'lines'> {
  readonly storedBytes: number;
  readonly sum: number;
}

export async function packAuditBlock({ lines, events, leftOut, to }: AuditBlock): Promise<Buffer> {
  const stored = await compress(lines, PACKING);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(SKIPPABLE_FRAME, 0);
  head.writeUInt32LE(OWN_BYTES, 4);
  MARK.copy(head, FRAME_HEAD_BYTES);
  const numbers = [stored.length, 0, events, Math.min(leftOut, 0xffffffff)];
  for (const [index, value] of numbers.entries()) head.writeUInt32LE(value, FRAME_HEAD_BYTES + MARK.length + index * 4);
  head.writeDoubleLE(to, HEAD_BYTES - 8);
  head.writeUInt32LE(sumOf(head, stored), SUMMED_FROM - 4);
  return Buffer.concat([head, stored]);
}

function sumOf(head: Buffer, stored: Buffer): number {
  return crc32(stored, crc32(head.subarray(SUMMED_FROM)));
}

/** Undefined where no block begins. */
export function readAuditHead(bytes: Buffer, at: number): AuditBlockHead | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined;
  if (bytes.readUInt32LE(at) !== SKIPPABLE_FRAME || bytes.readUInt32LE(at + 4) !== OWN_BYTES) return undefined;
  const own = at + FRAME_HEAD_BYTES;
  if (!bytes.subarray(own, own + MARK.length).equals(MARK)) return undefined;
  const number = (index: number): number => bytes.readUInt32LE(own + MARK.length + index * 4);
  return {
    ...{ storedBytes: number(0), sum: number(1), events: number(2), leftOut: number(3) },
    to: bytes.readDoubleLE(at + HEAD_BYTES - 8),
  };
}

/** Where the next block may begin, from there on; undefined: nowhere. */
export function nextAuditHead(bytes: Buffer, from: number): number | undefined {
  const found = bytes.indexOf(MARK, from + FRAME_HEAD_BYTES);
  return found < 0 ? undefined : found - FRAME_HEAD_BYTES;
}

/** The lines of a block; undefined if it is damaged. */
export function unpackAuditBlock(bytes: Buffer, at: number, { storedBytes, sum }: AuditBlockHead): Buffer | undefined {
  const stored = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + storedBytes);
  if (stored.length < storedBytes || sumOf(bytes.subarray(at, at + HEAD_BYTES), stored) !== sum) return undefined;
  try {
    return zstdDecompressSync(stored, { maxOutputLength: MOST_LINES_BYTES });
  } catch {
    return undefined;
  }
}
