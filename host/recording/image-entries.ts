// Process images and containers of a recording: checked before they are put into the tables again.

import { IMAGE_KIND, LONGEST_IMAGE } from '../schema/image.ts';
import {
  liesWithin,
  offsetOf,
  RECORD_LAYOUT,
  type RecordLayout,
  type StructLayout,
} from '../schema/versions/record-layout.ts';
import { fits } from './event-records.ts';

/** native/src/images/image_log.h: the record's size, seven lengths of texts, which of them are present, and 0. */
export const ENTRY_HEAD = 24;
const TEXTS = 7;
/** The number of the container's id among them. */
const CONTAINER_TEXT = 3;

const KINDS = new Set<number>(Object.values(IMAGE_KIND));

/** Where images and containers of a layout have what is needed to check them. */
export interface ImageShapes {
  /** A lifecycle record ends where the annex begins. */
  readonly kernelHalf: number;
  readonly size: number;
  readonly kind: number;
  readonly id: number;
  readonly strings: readonly number[];
  readonly container: { readonly bytes: number; readonly size: number; readonly strings: readonly number[] };
}

/** Undefined if the layout has no images or containers. */
export function imageShapes({ structs }: RecordLayout): ImageShapes | undefined {
  const [image, container] = [structs.get('image'), structs.get('container')];
  const kernelHalf = image?.members.get(FIRST_OF_ANNEX)?.offset;
  if (!image || !container || kernelHalf === undefined) return undefined;
  const size = offsetOf(image, 'size', 'u32', kernelHalf);
  const kind = offsetOf(image, 'kind', 'u16', kernelHalf);
  const id = offsetOf(image, 'id', 'u64', kernelHalf);
  const containerSize = offsetOf(container, 'size', 'u32');
  if (size === undefined || kind === undefined || id === undefined || containerSize === undefined) return undefined;
  return {
    kernelHalf,
    size,
    kind,
    id,
    strings: stringsOf(image, kernelHalf),
    container: { bytes: container.size, size: containerSize, strings: stringsOf(container, container.size) },
  };
}

const FIRST_OF_ANNEX = 'parent_address';

/** Strings in the first bytes. */
function stringsOf({ members }: StructLayout, bytes: number): number[] {
  const strings = [...members.values()].filter((member) => member.type === 'string' && liesWithin(member, bytes));
  return strings.map(({ offset }) => offset);
}

/** Shapes of images in this version. */
export const IMAGE_SHAPES = ownShapes();

function ownShapes(): ImageShapes {
  const shapes = imageShapes(RECORD_LAYOUT);
  if (!shapes) throw new Error('the layout has no images');
  return shapes;
}

export function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Length of the log entry at `at`; exceeds the log if the entry is cut off. */
export function entrySize(view: DataView, at: number): number {
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

/** Ids of the containers that the images of a log are in. The log is of the addon. */
export function containersOf(log: Uint8Array): Set<string> {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const ids = new Set<string>();
  let size = 0;
  for (let at = 0; at < log.length; at += size) {
    size = entrySize(view, at);
    let text = at + ENTRY_HEAD + padded(view.getUint32(at, true));
    for (let index = 0; index < CONTAINER_TEXT; index++) text += view.getUint16(at + 4 + 2 * index, true);
    const length = view.getUint16(at + 4 + 2 * CONTAINER_TEXT, true);
    ids.add(Buffer.from(log.buffer, log.byteOffset + text, length).toString('latin1'));
  }
  return ids;
}

/** The error of the first invalid image of a log. `log` is not trusted. */
export function checkImages(log: Uint8Array, shapes: ImageShapes = IMAGE_SHAPES): string | undefined {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let size = 0;
  for (let at = 0; at < log.length; at += size) {
    size = entrySize(view, at);
    if (size > log.length - at) return 'a process image is cut off';
    const length = view.getUint32(at, true);
    const record = at + ENTRY_HEAD;
    if (length < shapes.kernelHalf || length > LONGEST_IMAGE || view.getUint32(record + shapes.size, true) !== length) {
      return `a process image has a size of ${length} bytes`;
    }
    if (!KINDS.has(view.getUint16(record + shapes.kind, true)) || view.getBigUint64(record + shapes.id, true) === 0n) {
      return 'a process image has an unknown kind';
    }
    for (const reference of shapes.strings) {
      if (!fits(view, record + reference, shapes.kernelHalf, length))
        return 'a text of a process image lies outside of it';
    }
  }
  return undefined;
}

/** The error of an invalid container entry. */
export function checkContainer(entry: Uint8Array, { container }: ImageShapes = IMAGE_SHAPES): string | undefined {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  if (entry.length < container.bytes || view.getUint32(container.size, true) !== entry.length) {
    return `a container's entry has ${entry.length} bytes`;
  }
  const sound = container.strings.every((reference) => fits(view, reference, container.bytes, entry.length));
  return sound ? undefined : "a text of a container's entry lies outside of it";
}
