// A queue of alerts on disk, for an output whose receiver may be unreachable. It keeps their order, also when the agent is killed.
// Delivery is at least once: an alert that was delivered but not yet recorded as such comes again, with the same key.

import { randomUUID } from 'node:crypto';
import { constants, type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeliveryNote, formatNote, parseNote } from './note.ts';
import { encodeRecord, LONGEST_CONTENT, SEGMENT_HEADER, type SpooledRecord, scanRecords } from './segment.ts';

const NOTE = 'delivered';
const SEGMENT_NAME = /^(\d{20})\.spool$/;
/** Segments have this share of the spool's size; disk space is freed by segment. */
const SEGMENTS = 16;
const SMALLEST_SEGMENT = 64 * 1024;

export interface SpoolOptions {
  /** Created if missing, only for its owner: alerts show what happens on the machine. */
  readonly folder: string;
  /** Bytes on disk at most. */
  readonly mostBytes: number;
}

interface Segment {
  readonly path: string;
  /** Number of its first record. */
  readonly first: bigint;
  bytes: number;
}

/**
 * Calls of append() must not overlap, nor calls of read() and deliver() among themselves; one of each kind may be running.
 * All reject with the errors of the file system.
 */
export class Spool {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #id = '';
  #tail: FileHandle | undefined;
  /** Numbers of the next record, and of the last delivered one. */
  #next = 1n;
  #delivered = 0n;
  /** The position of the next read. */
  #at: { segment: number; offset: number } = { segment: 0, offset: SEGMENT_HEADER.length };
  #damaged = 0;

  private constructor({ folder, mostBytes }: SpoolOptions) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
    this.#segmentBytes = Math.max(SMALLEST_SEGMENT, Math.floor(mostBytes / SEGMENTS));
  }

  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await spool.#recover();
    return spool;
  }

  /** Waiting records, and bytes on disk. */
  get waiting(): number {
    return Number(this.#next - 1n - this.#delivered);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Records that could not be read back. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Unique among all records, also of other machines, and the same when the record is delivered again. */
  keyOf({ number }: SpooledRecord): string {
    return `${this.#id}-${number}`;
  }

  /** False if there is no room. When it resolves, the record survives the end of this process. */
  async append(content: Buffer): Promise<boolean> {
    const record = encodeRecord({ number: this.#next, content });
    if (content.length > LONGEST_CONTENT || this.bytes + record.length > this.#mostBytes) return false;
    const last = this.#segments.at(-1);
    if (!this.#tail || !last || last.bytes + record.length > this.#segmentBytes) await this.#startSegment();
    const segment = this.#segments.at(-1);
    if (!this.#tail || !segment) return false;
    try {
      await writeAll(this.#tail, record, segment.bytes);
    } catch (error) {
      // On a full disk, a partial record is overwritten by the next one.
      await this.#tail.truncate(segment.bytes).catch(() => {});
      throw error;
    }
    segment.bytes += record.length;
    this.#next++;
    return true;
  }

  /** The next unread records, `most` at most; empty when all have been read. */
  async read(most: number): Promise<SpooledRecord[]> {
    const records: SpooledRecord[] = [];
    for (;;) {
      const segment = this.#segments[this.#at.segment];
      if (!segment || records.length >= most) return records;
      const chunk = await readChunk(segment, this.#at.offset);
      const scan = scanRecords(chunk, 0, most - records.length);
      this.#damaged += scan.damaged;
      this.#at.offset += scan.end;
      records.push(...scan.records.filter(({ number }) => number > this.#delivered));
      if (scan.end > 0) continue;
      if (this.#at.segment === this.#segments.length - 1) return records;
      // No complete record is left in it before its end: the rest is damaged.
      if (this.#at.offset < segment.bytes) this.#damaged++;
      this.#at = { segment: this.#at.segment + 1, offset: SEGMENT_HEADER.length };
    }
  }

  /** Marks records up to this number as delivered, and removes segments that are no longer needed. */
  async deliver(number: bigint): Promise<void> {
    this.#delivered = number;
    await this.#writeNote();
    while (this.#at.segment > 0 && (this.#segments[1]?.first ?? 0n) <= number + 1n) {
      const [oldest] = this.#segments.splice(0, 1);
      this.#at.segment--;
      if (oldest) await rm(oldest.path, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#tail?.close();
    this.#tail = undefined;
    await this.#writeNote();
  }

  async #recover(): Promise<void> {
    const note = await this.#readNote();
    this.#delivered = note?.delivered ?? 0n;
    const names = (await readdir(this.#folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
    for (const [index, name] of names.entries()) await this.#recoverSegment(name, index === names.length - 1);
    // Without a note that can be believed, all that is there is delivered, perhaps again.
    const oldest = this.#segments[0]?.first ?? this.#next;
    if (oldest > this.#delivered + 1n) this.#delivered = oldest - 1n;
    const next = note?.next ?? this.#next;
    if (next > this.#next) {
      // The end of what was written is gone, more than the record that the end of the process has cut short.
      this.#damaged += Number(next - maximum(this.#next, this.#delivered + 1n));
      this.#next = next;
    }
    // Numbers continue from the last run; without the stored id, the spool counts as a new one.
    this.#id = note?.id ?? randomUUID();
    await this.#writeNote();
  }

  /** Undefined if there is none yet, or it is not what was written. */
  async #readNote(): Promise<DeliveryNote | undefined> {
    const text = await readFile(join(this.#folder, NOTE), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const note = parseNote(text);
    if (!note) this.#damaged++;
    return note;
  }

  #writeNote(): Promise<void> {
    return this.#writeAtomically(NOTE, formatNote({ id: this.#id, delivered: this.#delivered, next: this.#next }));
  }

  async #recoverSegment(name: string, isLast: boolean): Promise<void> {
    const path = join(this.#folder, name);
    const bytes = await readFile(path);
    const isSegment = bytes.subarray(0, SEGMENT_HEADER.length).equals(SEGMENT_HEADER);
    const scan = scanRecords(isSegment ? bytes : Buffer.alloc(0), SEGMENT_HEADER.length);
    // A record that the end of the process cut off was never acknowledged.
    if (scan.broken && !isLast) this.#damaged++;
    const last = scan.records.at(-1)?.number;
    // Records of other segments are counted when they are read.
    if (last === undefined) this.#damaged += scan.damaged;
    if (last !== undefined && last >= this.#next) this.#next = last + 1n;
    if (last === undefined || last <= this.#delivered) await rm(path, { force: true });
    else this.#segments.push({ path, first: BigInt(SEGMENT_NAME.exec(name)?.[1] ?? 0), bytes: scan.end });
  }

  /** After a restart a new segment is begun: the last one may end in a torn record. */
  async #startSegment(): Promise<void> {
    await this.#tail?.close();
    this.#tail = undefined;
    const path = join(this.#folder, `${String(this.#next).padStart(20, '0')}.spool`);
    const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    try {
      await writeAll(file, SEGMENT_HEADER, 0);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    this.#tail = file;
    this.#segments.push({ path, first: this.#next, bytes: SEGMENT_HEADER.length });
  }

  async #writeAtomically(name: string, text: string): Promise<void> {
    const path = join(this.#folder, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}

function maximum(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** The next bytes of a segment, enough for the longest record. */
async function readChunk(segment: Segment, offset: number): Promise<Buffer> {
  const length = Math.min(segment.bytes - offset, 2 * LONGEST_CONTENT);
  if (length <= 0) return Buffer.alloc(0);
  await using file = await open(segment.path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
