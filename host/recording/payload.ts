// The unpacked contents of a block: entries, each with a length, a kind and a body that is padded to 8 bytes.

import { checkRecords } from './event-records.ts';
import { LONGEST_PAYLOAD } from './format.ts';
import { checkContainer, checkImages } from './image-entries.ts';
import type { OtherRecords } from './other-records.ts';

/** Bytes of a block whose records have another layout: records of a hostile one grow by far more. */
const LONGEST_TRANSLATED = 4 * LONGEST_PAYLOAD;
const ENTRY_HEAD = 8;
export const STEP_BYTES = 16;
const CONTAINER_HEAD = 8;

/** Kinds of entries. */
export const ENTRY = { STEP: 1, IMAGES: 2, CONTAINER: 3, EVENTS: 4 } as const;
const SNAPSHOT_COMPLETE = 1;

/** In the order in which it was read from the kernel: images come before the first event that names them. */
export type RecordedEntry =
  /** A batch begins. `clock`: CLOCK_MONOTONIC of its machine, ns. */
  | { readonly kind: 'step'; readonly clock: bigint; readonly snapshotComplete: boolean }
  /** Entries of native/src/images/image_log.h. */
  | { readonly kind: 'images'; readonly log: Uint8Array }
  /** The metadata of a container: a `struct container`. */
  | { readonly kind: 'container'; readonly id: string; readonly entry: Uint8Array }
  /** Records, one after the other, as host/schema/event-structs.ts has them. */
  | { readonly kind: 'events'; readonly records: Uint8Array; readonly count: number };

export interface Payload {
  readonly entries: readonly RecordedEntry[];
  readonly events: number;
  /** Events that are in no entry, because this version does not have their types. */
  readonly leftOut: number;
}

/** A payload with a valid checksum but invalid contents. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
}

/**
 * Reads and checks a whole block before any of it is used. The entries point into `bytes`.
 * @param other if the records have another layout than this version
 * @throws {PayloadError}
 */
export function readPayload(bytes: Uint8Array, other?: OtherRecords): Payload {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: RecordedEntry[] = [];
  let events = 0;
  let leftOut = 0;
  let room = LONGEST_TRANSLATED;
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < ENTRY_HEAD) throw new PayloadError('an entry is cut off');
    const length = view.getUint32(at, true);
    const kind = view.getUint32(at + 4, true);
    at += ENTRY_HEAD;
    if (length > bytes.length - at) throw new PayloadError('an entry is cut off');
    const body = bytes.subarray(at, at + length);
    const translated = other && kind === ENTRY.EVENTS ? sound(other.events(body, room)) : undefined;
    leftOut += translated?.leftOut ?? 0;
    const entry = readEntry(kind, translated?.records ?? body, other, room);
    if (entry.kind === 'events') events += entry.count;
    entries.push(entry);
    room -= bytesOf(entry);
    at += Math.ceil(length / 8) * 8;
  }
  return { entries, events: events + leftOut, leftOut };
}

/** A translation that succeeded. */
function sound<Result extends object>(result: Result | string): Result {
  if (typeof result === 'string') throw new PayloadError(result);
  return result;
}

function bytesOf(entry: RecordedEntry): number {
  switch (entry.kind) {
    case 'step':
      return 0;
    case 'images':
      return entry.log.length;
    case 'container':
      return entry.entry.length;
    case 'events':
      return entry.records.length;
  }
}

function readEntry(kind: number, body: Uint8Array, other: OtherRecords | undefined, room: number): RecordedEntry {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  switch (kind) {
    case ENTRY.STEP: {
      if (body.length !== STEP_BYTES) throw new PayloadError(`a step has ${body.length} bytes`);
      const flags = view.getUint32(8, true);
      return { kind: 'step', clock: view.getBigUint64(0, true), snapshotComplete: (flags & SNAPSHOT_COMPLETE) !== 0 };
    }
    case ENTRY.IMAGES: {
      const log = other ? sound(other.images(body, room)).log : body;
      const wrong = checkImages(log);
      if (wrong !== undefined) throw new PayloadError(wrong);
      return { kind: 'images', log };
    }
    case ENTRY.CONTAINER:
      return { kind: 'container', ...readContainer(body, other) };
    case ENTRY.EVENTS: {
      const count = checkRecords(body);
      if (typeof count === 'string') throw new PayloadError(count);
      return { kind: 'events', records: body, count };
    }
    default:
      throw new PayloadError(`an entry has the unknown kind ${kind}`);
  }
}

/**
 * The body of a container's entry, checked.
 * @throws {PayloadError}
 */
export function readContainer(
  body: Uint8Array,
  other?: OtherRecords,
): { readonly id: string; readonly entry: Uint8Array } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.length < CONTAINER_HEAD) throw new PayloadError('a container is cut off');
  const length = view.getUint32(0, true);
  const end = CONTAINER_HEAD + Math.ceil(length / 8) * 8;
  if (end > body.length) throw new PayloadError('a container is cut off');
  const stored = body.subarray(end);
  const entry = other ? sound(other.container(stored)).entry : stored;
  const wrong = checkContainer(entry);
  if (wrong !== undefined) throw new PayloadError(wrong);
  const id = Buffer.from(body.subarray(CONTAINER_HEAD, CONTAINER_HEAD + length)).toString('utf8');
  return { id, entry };
}

/** The entry at an offset of a payload that holds it: its body, and where the next one begins. */
export function entryAt(payload: Uint8Array, at: number): { readonly body: Uint8Array; readonly next: number } {
  const length = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(at, true);
  const begin = at + ENTRY_HEAD;
  return { body: payload.subarray(begin, begin + length), next: begin + Math.ceil(length / 8) * 8 };
}

/** Entries that were read, as the payload that they are stored as. */
export function writePayload(entries: readonly RecordedEntry[]): Uint8Array<ArrayBuffer> {
  const builder = new PayloadBuilder(entries.reduce((sum, entry) => sum + mostBytes(entry), 0));
  for (const entry of entries) {
    switch (entry.kind) {
      case 'step':
        builder.step(entry.clock, entry.snapshotComplete);
        break;
      case 'images':
        builder.images(entry.log);
        break;
      case 'container':
        builder.container(entry.id, entry.entry);
        break;
      case 'events':
        builder.records(entry.records, () => entry.count);
        break;
    }
  }
  return builder.take();
}

function mostBytes(entry: RecordedEntry): number {
  const head = ENTRY_HEAD + 8;
  switch (entry.kind) {
    case 'step':
      return head + STEP_BYTES;
    case 'images':
      return head + entry.log.length;
    case 'container':
      return head + CONTAINER_HEAD + Buffer.byteLength(entry.id) + 8 + entry.entry.length;
    case 'events':
      return head + entry.records.length;
  }
}

/** Builds a payload of entries. */
export class PayloadBuilder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #length = 0;
  #events = 0;

  /** @param most bytes that it has room for */
  constructor(most = LONGEST_PAYLOAD) {
    this.#bytes = new Uint8Array(most);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  get events(): number {
    return this.#events;
  }

  /** Whether a body of that length still fits. */
  hasRoom(length: number): boolean {
    return this.#length + ENTRY_HEAD + length + 8 <= this.#bytes.length;
  }

  step(clock: bigint, snapshotComplete: boolean): void {
    const at = this.#begin(ENTRY.STEP, STEP_BYTES);
    this.#view.setBigUint64(at, clock, true);
    this.#view.setUint32(at + 8, snapshotComplete ? SNAPSHOT_COMPLETE : 0, true);
    this.#view.setUint32(at + 12, 0, true);
  }

  images(log: Uint8Array): void {
    const at = this.#begin(ENTRY.IMAGES, log.length);
    this.#bytes.set(log, at);
  }

  container(id: string, entry: Uint8Array): void {
    const name = Buffer.from(id);
    const padded = Math.ceil(name.length / 8) * 8;
    const at = this.#begin(ENTRY.CONTAINER, CONTAINER_HEAD + padded + entry.length);
    this.#view.setUint32(at, name.length, true);
    this.#view.setUint32(at + 4, 0, true);
    this.#bytes.fill(0, at + CONTAINER_HEAD, at + CONTAINER_HEAD + padded);
    this.#bytes.set(name, at + CONTAINER_HEAD);
    this.#bytes.set(entry, at + CONTAINER_HEAD + padded);
  }

  /** Copies `records` and lets `detach` work on the copy; it returns the number of events. */
  records(records: Uint8Array, detach: (copy: Uint8Array) => number): void {
    const at = this.#begin(ENTRY.EVENTS, records.length);
    this.#bytes.set(records, at);
    this.#events += detach(this.#bytes.subarray(at, at + records.length));
  }

  /** Adds records that `fill` writes into that much room; it returns their bytes. They are not counted, and nothing is added if it returns 0. */
  fillRecords(room: number, fill: (into: Uint8Array) => number): number {
    const before = this.#length;
    const at = before + ENTRY_HEAD;
    const length = fill(this.#bytes.subarray(at, at + room));
    if (length > 0) this.#begin(ENTRY.EVENTS, length);
    return length;
  }

  /** Takes back what was added since the payload had that length; no events. */
  cutTo(length: number): void {
    this.#length = length;
  }

  /** Returns a copy of the payload, and clears it. */
  take(): Uint8Array<ArrayBuffer> {
    const payload = this.#bytes.slice(0, this.#length);
    this.clear();
    return payload;
  }

  clear(): void {
    this.#length = 0;
    this.#events = 0;
  }

  #begin(kind: number, length: number): number {
    const at = this.#length + ENTRY_HEAD;
    const end = at + Math.ceil(length / 8) * 8;
    this.#view.setUint32(this.#length, length, true);
    this.#view.setUint32(this.#length + 4, kind, true);
    this.#bytes.fill(0, at + length, end);
    this.#length = end;
    return at;
  }
}
