// A queue of alerts on disk, for an output whose receiver may be away: what was put in comes out in order, also after the agent was killed.
// At least once: what was delivered but not yet noted as such comes again, under the same key.

import { randomUUID } from 'node:crypto';
import { constants, type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord, LONGEST_CONTENT, SEGMENT_HEADER, type SpooledRecord, scanRecords } from './segment.ts';

const SEGMENT_NAME = /^(\d{20})\.spool$/;
/** A spool is given back in parts of this share of its size. */
const SEGMENTS = 16;
const SMALLEST_SEGMENT = 64 * 1024;

export interface SpoolOptions {
  /** Made if need be, for its owner only: alerts tell what happens on the machine. */
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
 * append() is called when the append before has resolved, and so are read() and deliver() among themselves; one of each kind may be under way.
 * All reject with what the file system says.
 */
export class Spool {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #id = '';
  #tail: FileHandle | undefined;
  /** Number of the next record, and of the last that needs no delivery any more. */
  #next = 1n;
  #delivered = 0n;
  /** Where reading goes on. */
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

  /** Records that wait, and bytes on disk. */
  get waiting(): number {
    return Number(this.#next - 1n - this.#delivered);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Records that could not be read back: the disk has not kept what was written. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Tells this record from all others, of other machines too, and is the same when it is delivered again. */
  keyOf({ number }: SpooledRecord): string {
    return `${this.#id}-${number}`;
  }

  /** False if there is no room for it. When it resolves, the record survives the end of this process. */
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
      // What a full disk took of it is overwritten by the next one.
      await this.#tail.truncate(segment.bytes).catch(() => {});
      throw error;
    }
    segment.bytes += record.length;
    this.#next++;
    return true;
  }

  /** The next records, `most` at most, without those that were read before; none when all have been read. */
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
      // Nothing whole is left in it, though it is not its end: the disk has not kept it.
      if (this.#at.offset < segment.bytes) this.#damaged++;
      this.#at = { segment: this.#at.segment + 1, offset: SEGMENT_HEADER.length };
    }
  }

  /** Records up to this number need no delivery any more; what nobody needs is removed from disk. */
  async deliver(number: bigint): Promise<void> {
    this.#delivered = number;
    await this.#writeAtomically('delivered', `${this.#id} ${number}\n`);
    while (this.#at.segment > 0 && (this.#segments[1]?.first ?? 0n) <= number + 1n) {
      const [oldest] = this.#segments.splice(0, 1);
      this.#at.segment--;
      if (oldest) await rm(oldest.path, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#tail?.close();
    this.#tail = undefined;
  }

  async #recover(): Promise<void> {
    const noted = await readFile(join(this.#folder, 'delivered'), 'utf8').catch(() => '');
    const [, id, number = '0'] = /^([0-9a-f-]{36}) (\d+)\n$/.exec(noted) ?? [];
    this.#delivered = BigInt(number);
    const names = (await readdir(this.#folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
    for (const [index, name] of names.entries()) await this.#recoverSegment(name, index === names.length - 1);
    if (this.#delivered >= this.#next) this.#next = this.#delivered + 1n;
    // Numbers go on where they were; without the note of the id, they are another spool's.
    this.#id = id ?? randomUUID();
    await this.#writeAtomically('delivered', `${this.#id} ${this.#delivered}\n`);
  }

  async #recoverSegment(name: string, isLast: boolean): Promise<void> {
    const path = join(this.#folder, name);
    const bytes = await readFile(path);
    const isSegment = bytes.subarray(0, SEGMENT_HEADER.length).equals(SEGMENT_HEADER);
    const scan = scanRecords(isSegment ? bytes : Buffer.alloc(0), SEGMENT_HEADER.length);
    // A record that the end of the process cut short was never said to be kept.
    if (scan.broken && !isLast) this.#damaged++;
    const last = scan.records.at(-1)?.number;
    // Others are counted when they are read.
    if (last === undefined) this.#damaged += scan.damaged;
    if (last !== undefined && last >= this.#next) this.#next = last + 1n;
    if (last === undefined || last <= this.#delivered) await rm(path, { force: true });
    else this.#segments.push({ path, first: BigInt(SEGMENT_NAME.exec(name)?.[1] ?? 0), bytes: scan.end });
  }

  /** Segments are never written again after a restart: the last may end in a torn record. */
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

/** What follows in a segment, as much as holds the longest record. */
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
