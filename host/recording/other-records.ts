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
import { recordBytes, type StructTranslation, translate, translatedLength, translationOf } from './translation.ts';

interface TypeTranslation {
  /** Number of the event type in this version. */
  readonly number: number;
  readonly struct: StructTranslation;
}

/** Records in the layout of this version, or why these are invalid. */
export type Translated = { readonly records: Uint8Array; readonly count: number; readonly leftOut: number };

export class OtherRecords {
  readonly #events: EventShapes;
  readonly #images: ImageShapes;
  /** Translations by the number of the type in the recording's version. */
  readonly #types: readonly (TypeTranslation | undefined)[];
  /** Bytes by which a record of an event can become longer. */
  readonly #mostGrowth: number;
  readonly #image: StructTranslation;
  readonly #container: StructTranslation;

  private constructor(layout: RecordLayout, events: EventShapes, images: ImageShapes) {
    this.#events = events;
    this.#images = images;
    this.#types = typesOf(layout);
    this.#mostGrowth = this.#types.reduce(
      (most, type) => Math.max(most, type ? translatedLength(type.struct, 0) : 0),
      0,
    );
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
    const source = recordBytes(bytes);
    const { header } = this.#events;
    const most = bytes.length + total * this.#mostGrowth;
    const made = recordBytes(new Uint8Array(Math.min(most, room)));
    let taken = 0;
    let count = 0;
    let size = 0;
    for (let at = 0; at < bytes.length; at += size) {
      size = source.view.getUint32(at + header.size, true);
      const type = this.#types[source.view.getUint16(at + header.type, true)];
      const length = type && translatedLength(type.struct, size);
      if (!type || length === undefined || length > LONGEST_RECORD) continue;
      if (taken + length > room) return TOO_LONG;
      translate(type.struct, source, at, size, made, taken);
      made.view.setUint32(taken + EVENT_SHAPES.header.size, length, true);
      made.view.setUint16(taken + EVENT_SHAPES.header.type, type.number, true);
      taken += length;
      count++;
    }
    return { records: made.bytes.subarray(0, taken), count, leftOut: total - count };
  }

  /**
   * Entries of native/src/images/image_log.h. A text is the error of the first invalid one.
   * @param room bytes that the result may have
   */
  images(log: Uint8Array, room = Number.POSITIVE_INFINITY): { readonly log: Uint8Array } | string {
    const wrong = checkImages(log, this.#images);
    if (wrong !== undefined) return wrong;
    const source = recordBytes(log);
    const parts: Uint8Array[] = [];
    let taken = 0;
    let size = 0;
    for (let at = 0; at < log.length; at += size) {
      size = entrySize(source.view, at);
      const recordSize = source.view.getUint32(at, true);
      const length = translatedLength(this.#image, recordSize);
      if (length > LONGEST_IMAGE) continue;
      taken += length;
      if (taken > room) return TOO_LONG;
      const made = recordBytes(new Uint8Array(ENTRY_HEAD + length));
      made.bytes.set(log.subarray(at, at + ENTRY_HEAD));
      made.view.setUint32(0, length, true);
      translate(this.#image, source, at + ENTRY_HEAD, recordSize, made, ENTRY_HEAD);
      made.view.setUint32(ENTRY_HEAD + IMAGE_SHAPES.size, length, true);
      parts.push(made.bytes, log.subarray(at + ENTRY_HEAD + padded(recordSize), at + size));
    }
    return { log: Buffer.concat(parts) };
  }

  /** A `struct container`. A text is the error. */
  container(entry: Uint8Array): { readonly entry: Uint8Array } | string {
    const wrong = checkContainer(entry, this.#images);
    if (wrong !== undefined) return wrong;
    const made = recordBytes(new Uint8Array(translatedLength(this.#container, entry.length)));
    translate(this.#container, recordBytes(entry), 0, entry.length, made, 0);
    made.view.setUint32(IMAGE_SHAPES.container.size, made.bytes.length, true);
    return { entry: made.bytes };
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
