// A segment of a spool: one append-only file of records. Each has its length, checksum and number, so that a record that a crash has cut off
// is detected.

import { crc32 } from 'node:zlib';

export const SEGMENT_HEADER = Buffer.from('WSPSPL1\n');
/** Length of the content (u32), CRC-32 of number and content (u32), number (u64), all little-endian. */
const RECORD_HEADER = 16;
/** An alert's line is far smaller; a longer record is invalid. */
export const LONGEST_CONTENT = 1024 * 1024;

export interface SpooledRecord {
  /** Counts from 1, over all segments. */
  readonly number: bigint;
  readonly content: Buffer;
}

export function encodeRecord({ number, content }: SpooledRecord): Buffer {
  const record = Buffer.alloc(RECORD_HEADER + content.length);
  record.writeUInt32LE(content.length, 0);
  record.writeBigUInt64LE(number, 8);
  content.copy(record, RECORD_HEADER);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** The contents of a part of a segment. */
export interface Scan {
  readonly records: readonly SpooledRecord[];
  /** Bytes up to the end of the last whole record. */
  readonly end: number;
  /** Number of damaged records, which are skipped. */
  readonly damaged: number;
  /** The bytes after `end` are not a record. In a segment that is still being written they are not written yet. */
  readonly broken: boolean;
}

/**
 * Reads records from `from` on, `most` at most. A record with a wrong checksum is skipped if its length leads to
 * another record; if not, the rest of the segment is lost.
 */
export function scanRecords(bytes: Buffer, from: number, most = Number.POSITIVE_INFINITY): Scan {
  const records: SpooledRecord[] = [];
  let damaged = 0;
  let end = Math.min(from, bytes.length);
  while (records.length < most && end + RECORD_HEADER <= bytes.length) {
    const length = bytes.readUInt32LE(end);
    const next = end + RECORD_HEADER + length;
    if (length > LONGEST_CONTENT || next > bytes.length) break;
    if (crc32(bytes.subarray(end + 8, next)) === bytes.readUInt32LE(end + 4)) {
      records.push({
        number: bytes.readBigUInt64LE(end + 8),
        content: Buffer.from(bytes.subarray(end + RECORD_HEADER, next)),
      });
    } else damaged++;
    end = next;
  }
  return { records, end, damaged, broken: records.length < most && end < bytes.length };
}
