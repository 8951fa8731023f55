// Reads the records of a recording that has another layout than this version: checked as what they are, then rewritten.

import { LONGEST_RECORD } from '../schema/event-structs.ts';
import { LONGEST_IMAGE } from '../schema/image.ts';
import { RECORD_LAYOUT, type RecordLayout, type StructLayout } from '../schema/versions/record-layout.ts';
import { checkRecords, EVENT_SHAPES, type EventShapes, eventShapes } from './event-records.ts';
import {
  checkContainer,
  checkImages,
  ENTRY_HEAD,
  entrySize,
  IMAGE_SHAPES,
  type ImageShapes,
  imageShapes,
  padded,
} from './image-entries.ts';
import { type StructTranslation, translate, translatedLength, translationOf } from './translation.ts';

interface TypeTranslation {
  /** Of the event type, now. */
  readonly number: number;
  readonly struct: StructTranslation;
}

/** Records in the layout of this version, or why these are invalid. */
export type Translated = { readonly records: Uint8Array; readonly count: number; readonly leftOut: number };

export class OtherRecords {
  readonly #events: EventShapes;
  readonly #images: ImageShapes;
  /** By the number of the type, then. */
  readonly #types: readonly (TypeTranslation | undefined)[];
  readonly #image: StructTranslation;
  readonly #container: StructTranslation;

  private constructor(layout: RecordLayout, events: EventShapes, images: ImageShapes) {
    this.#events = events;
    this.#images = images;
    this.#types = typesOf(layout);
    const struct = (name: string): readonly [StructLayout, StructLayout] => [
      layout.structs.get(name) ?? NONE,
      RECORD_LAYOUT.structs.get(name) ?? NONE,
    ];
    this.#image = translationOf(...struct('image'), [images.kernelHalf, IMAGE_SHAPES.kernelHalf]);
    this.#container = translationOf(...struct('container'));
  }

  /** Undefined if the layout lacks what every recording has. */
  static of(layout: RecordLayout): OtherRecords | undefined {
    const [events, images] = [eventShapes(layout), imageShapes(layout)];
    return events && images && new OtherRecords(layout, events, images);
  }

  /**
   * Event records; those of types that this version does not have are left out. A text is the error of the first invalid one.
   * @param room bytes that the result may have
   */
  events(bytes: Uint8Array, room = Number.POSITIVE_INFINITY): Translated | string {
    const total = checkRecords(bytes, this.#events);
    if (typeof total === 'string') return total;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { header } = this.#events;
    const parts: Uint8Array[] = [];
    let size = 0;
    let taken = 0;
    for (let at = 0; at < bytes.length; at += size) {
      size = view.getUint32(at + header.size, true);
      const type = this.#types[view.getUint16(at + header.type, true)];
      const length = type && translatedLength(type.struct, size);
      if (!type || length === undefined || length > LONGEST_RECORD) continue;
      taken += length;
      if (taken > room) return TOO_LONG;
      const made = new Uint8Array(length);
      translate(type.struct, bytes.subarray(at, at + size), made);
      const head = new DataView(made.buffer);
      head.setUint32(EVENT_SHAPES.header.size, length, true);
      head.setUint16(EVENT_SHAPES.header.type, type.number, true);
      parts.push(made);
    }
    return { records: Buffer.concat(parts), count: parts.length, leftOut: total - parts.length };
  }

  /**
   * Entries of native/src/image_log.h. A text is the error of the first invalid one.
   * @param room bytes that the result may have
   */
  images(log: Uint8Array, room = Number.POSITIVE_INFINITY): { readonly log: Uint8Array } | string {
    const wrong = checkImages(log, this.#images);
    if (wrong !== undefined) return wrong;
    const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
    const parts: Uint8Array[] = [];
    let taken = 0;
    let size = 0;
    for (let at = 0; at < log.length; at += size) {
      size = entrySize(view, at);
      const record = log.subarray(at + ENTRY_HEAD, at + ENTRY_HEAD + view.getUint32(at, true));
      const length = translatedLength(this.#image, record.length);
      if (length > LONGEST_IMAGE) continue;
      taken += length;
      if (taken > room) return TOO_LONG;
      const made = new Uint8Array(length);
      translate(this.#image, record, made);
      new DataView(made.buffer).setUint32(IMAGE_SHAPES.size, length, true);
      const head = new Uint8Array(log.subarray(at, at + ENTRY_HEAD));
      new DataView(head.buffer).setUint32(0, length, true);
      parts.push(head, made, log.subarray(at + ENTRY_HEAD + padded(record.length), at + size));
    }
    return { log: Buffer.concat(parts) };
  }

  /** A `struct container`. A text is the error. */
  container(entry: Uint8Array): { readonly entry: Uint8Array } | string {
    const wrong = checkContainer(entry, this.#images);
    if (wrong !== undefined) return wrong;
    const made = new Uint8Array(translatedLength(this.#container, entry.length));
    translate(this.#container, entry, made);
    new DataView(made.buffer).setUint32(IMAGE_SHAPES.container.size, made.length, true);
    return { entry: made };
  }
}

const TOO_LONG = 'its records are too long in the layout of this version';
const NONE: StructLayout = { size: 0, members: new Map() };

function typesOf({ structs, types }: RecordLayout): (TypeTranslation | undefined)[] {
  const translations: (TypeTranslation | undefined)[] = [];
  for (const [name, then] of types) {
    const now = RECORD_LAYOUT.types.get(name);
    const [from, to] = [structs.get(then.struct), now && RECORD_LAYOUT.structs.get(now.struct)];
    if (now && from && to) translations[then.number] = { number: now.number, struct: translationOf(from, to) };
  }
  return translations;
}
