// Process images and containers of a recording: checked before they are put into the tables again.

import { CONTAINER } from '../schema/container.ts';
import { IMAGE, IMAGE_KIND } from '../schema/image.ts';
import { type Member, member } from '../schema/layout.ts';
import { fits } from './event-records.ts';

/** native/src/image_log.h: the record's size, seven lengths of texts, which of them are present, and 0. */
const ENTRY_HEAD = 24;
const TEXTS = 7;

/** A lifecycle record ends where the annex begins. */
const KERNEL_HALF = member(IMAGE, 'parent_address').offset;
const LONGEST_IMAGE = 24_576;
const [SIZE, KIND, ID] = ['size', 'kind', 'id'].map((name) => member(IMAGE, name).offset) as [number, number, number];
const KINDS = new Set<number>(Object.values(IMAGE_KIND));
const IMAGE_STRINGS = stringsOf(IMAGE.members.filter(({ offset }) => offset < KERNEL_HALF));
const CONTAINER_STRINGS = stringsOf(CONTAINER.members);
const CONTAINER_SIZE = member(CONTAINER, 'size').offset;

function stringsOf(members: readonly Member[]): number[] {
  return members.filter(({ type }) => type === 'string').map(({ offset }) => offset);
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Length of the log entry at `at`; exceeds the log if the entry is cut off. */
function entrySize(view: DataView, at: number): number {
  if (view.byteLength - at < ENTRY_HEAD) return Number.POSITIVE_INFINITY;
  let texts = 0;
  for (let index = 0; index < TEXTS; index++) texts += view.getUint16(at + 4 + 2 * index, true);
  return ENTRY_HEAD + padded(view.getUint32(at, true)) + padded(texts);
}

/** Splits a log of the addon into pieces of complete entries, each at most `most` bytes long or of one entry. */
export function splitLog(log: Uint8Array, most: number): Uint8Array[] {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const pieces: Uint8Array[] = [];
  let from = 0;
  let size = 0;
  for (let at = 0; at < log.length; at += size) {
    size = entrySize(view, at);
    if (at > from && at + size - from > most) {
      pieces.push(log.subarray(from, at));
      from = at;
    }
  }
  if (from < log.length) pieces.push(log.subarray(from));
  return pieces;
}

/** The error of the first invalid image of a log. `log` is not trusted. */
export function checkImages(log: Uint8Array): string | undefined {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let size = 0;
  for (let at = 0; at < log.length; at += size) {
    size = entrySize(view, at);
    if (size > log.length - at) return 'a process image is cut off';
    const length = view.getUint32(at, true);
    const record = at + ENTRY_HEAD;
    if (length < KERNEL_HALF || length > LONGEST_IMAGE || view.getUint32(record + SIZE, true) !== length) {
      return `a process image has a size of ${length} bytes`;
    }
    if (!KINDS.has(view.getUint16(record + KIND, true)) || view.getBigUint64(record + ID, true) === 0n) {
      return 'a process image is of an unknown kind';
    }
    for (const reference of IMAGE_STRINGS) {
      if (!fits(view, record + reference, KERNEL_HALF, length)) return 'a text of a process image lies outside of it';
    }
  }
  return undefined;
}

/** The error of an invalid container entry. */
export function checkContainer(entry: Uint8Array): string | undefined {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  if (entry.length < CONTAINER.size || view.getUint32(CONTAINER_SIZE, true) !== entry.length) {
    return `a container's entry has ${entry.length} bytes`;
  }
  const sound = CONTAINER_STRINGS.every((reference) => fits(view, reference, CONTAINER.size, entry.length));
  return sound ? undefined : "a text of a container's entry lies outside of it";
}
