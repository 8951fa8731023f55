// The note of a spool: which of its records have been delivered, and how many there are. It has a checksum: a number that the disk has changed
// would make the spool leave out alerts that no receiver has.

import { crc32 } from 'node:zlib';

export interface DeliveryNote {
  /** Id of the spool. */
  readonly id: string;
  /** Number of the last record that needs no delivery any more. */
  readonly delivered: bigint;
  /** Number of the record that comes next, when the note was written. */
  readonly next: bigint;
}

/** Numbers have 64 bits; none comes near. */
const NOTE_TEXT = /^(([0-9a-f-]{36}) (\d{1,18}) (\d{1,18})) ([0-9a-f]{8})\n$/;

export function formatNote({ id, delivered, next }: DeliveryNote): string {
  const text = `${id} ${delivered} ${next}`;
  return `${text} ${checksumOf(text)}\n`;
}

/** Undefined for what formatNote() has not written. */
export function parseNote(note: string): DeliveryNote | undefined {
  const [, text = '', id = '', delivered = '', next = '', checksum] = NOTE_TEXT.exec(note) ?? [];
  if (checksum !== checksumOf(text)) return undefined;
  return { id, delivered: BigInt(delivered), next: BigInt(next) };
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
