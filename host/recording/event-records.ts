// Event records in a recording: without values that only had a meaning in the original memory, and checked before
// they are injected again.

import {
  completedStrings,
  EVENT_HEADER,
  EVENT_STRUCTS,
  LONGEST_RECORD,
  OTHER_VIEW_OFFSET,
  READER_FLAGS,
} from '../schema/event-structs.ts';
import { member } from '../schema/layout.ts';
import { offsetOf, RECORD_LAYOUT, type RecordLayout, type StructLayout } from '../schema/versions/record-layout.ts';

const COMMIT = member(EVENT_HEADER, 'commit').offset;
const SIZE = member(EVENT_HEADER, 'size').offset;
const TYPE = member(EVENT_HEADER, 'type').offset;
const FLAGS = member(EVENT_HEADER, 'flags').offset;
const IMAGE_ADDRESS = member(EVENT_HEADER, 'image_address').offset;

/** By name, as layouts of other versions are compared. */
const COMPLETED = new Set(Object.values(EVENT_STRUCTS).flatMap(completedStrings));

interface Shape {
  /** Bytes of the fixed part. */
  readonly size: number;
  /** Where its string_refs lie. */
  readonly strings: readonly number[];
  readonly completed: readonly number[];
  /** It has other_view. */
  readonly hasViews: boolean;
}

/** Where records of a layout have what is needed to check them. */
export interface EventShapes {
  /** The header's bytes, and the offsets of a record's size and type. */
  readonly header: { readonly bytes: number; readonly size: number; readonly type: number };
  /** Shapes by the number of the event type. */
  readonly byType: readonly (Shape | undefined)[];
}

/** Undefined if the layout has no valid header. */
export function eventShapes({ structs, types }: RecordLayout): EventShapes | undefined {
  const header = structs.get('event_header');
  if (!header) return undefined;
  const [size, type] = [offsetOf(header, 'size', 'u32'), offsetOf(header, 'type', 'u16')];
  if (size === undefined || type === undefined) return undefined;
  const byType: (Shape | undefined)[] = [];
  for (const { number, struct } of types.values()) {
    const layout = structs.get(struct);
    if (layout && layout.size >= header.size) byType[number] = shapeOf(layout);
  }
  return { header: { bytes: header.size, size, type }, byType };
}

function shapeOf({ size, members }: StructLayout): Shape {
  const strings = [...members].filter(([, { type }]) => type === 'string');
  const completed = strings.filter(([name]) => COMPLETED.has(name));
  return {
    size,
    strings: strings.map(([, { offset }]) => offset),
    completed: completed.map(([, { offset }]) => offset),
    hasViews: members.has('other_view'),
  };
}

/** Shapes of events in this version. */
export const EVENT_SHAPES = ownShapes();

function ownShapes(): EventShapes {
  const shapes = eventShapes(RECORD_LAYOUT);
  if (!shapes) throw new Error('the layout has no header of events');
  return shapes;
}

/**
 * Clears the values of evaluated records that have no meaning elsewhere: the secret commit word, the image's address, and
 * completed names outside of the record. `bytes` is a copy of one polled segment. Returns the number of events.
 */
export function detachRecords(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let events = 0;
  let size = 0;
  for (let at = 0; at < bytes.length; at += size) {
    size = view.getUint32(at + SIZE, true);
    view.setBigUint64(at + COMMIT, 0n, true);
    view.setUint32(at + IMAGE_ADDRESS, 0, true);
    view.setUint16(at + FLAGS, view.getUint16(at + FLAGS, true) & ~READER_FLAGS, true);
    const shape = EVENT_SHAPES.byType[view.getUint16(at + TYPE, true)];
    if (shape?.hasViews) view.setUint32(at + OTHER_VIEW_OFFSET, 0, true);
    for (const reference of shape?.completed ?? []) {
      if (!shape || fits(view, at + reference, shape.size, size)) continue;
      view.setBigUint64(at + reference, 0n, true);
    }
    events++;
  }
  return events;
}

/** Counts the records, or returns the error of the first invalid one. `bytes` are not trusted. */
export function checkRecords(bytes: Uint8Array, { header, byType }: EventShapes = EVENT_SHAPES): number | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let events = 0;
  let size = 0;
  for (let at = 0; at < bytes.length; at += size) {
    if (bytes.length - at < header.bytes) return 'an event is cut off';
    size = view.getUint32(at + header.size, true);
    const type = view.getUint16(at + header.type, true);
    const shape = byType[type];
    if (!shape) return `an event has the unknown type ${type}`;
    if (size < shape.size || size > LONGEST_RECORD || size % 8 !== 0 || size > bytes.length - at) {
      return `an event has a size of ${size} bytes`;
    }
    for (const reference of shape.strings) {
      if (!fits(view, at + reference, shape.size, size)) return 'a text of an event lies outside of it';
    }
    events++;
  }
  return events;
}

/** Length of the complete records at the start of `bytes` that fit into `most` bytes, at least one. */
export function cutRecords(bytes: Uint8Array, most: number): number {
  if (bytes.length <= most) return bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = view.getUint32(SIZE, true);
  while (end < bytes.length) {
    const next = end + view.getUint32(end + SIZE, true);
    if (next > most) break;
    end = next;
  }
  return end;
}

/** Whether the string of the string_ref at `reference` is absent, or lies in the record after its fixed part. */
export function fits(view: DataView, reference: number, fixed: number, size: number): boolean {
  const offset = view.getUint32(reference, true);
  return offset === 0 || (offset >= fixed && offset <= size && view.getUint32(reference + 4, true) <= size - offset);
}
