// Takes what belongs to the scope of a capture out of the entries of a journal: events of its processes, their images, and the images of
// their ancestors, each before the first that needs it.

import { ENTRY_HEAD, IMAGE_SHAPES } from '../../recording/image-entries.ts';
import { type LoggedImage, loggedImages } from '../../recording/logged-images.ts';
import { EVENT_HEADER } from '../../schema/event-structs.ts';
import { member } from '../../schema/layout.ts';
import type { StateScope } from '../state/state.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const IMAGE = member(EVENT_HEADER, 'image').offset;
const TIME = member(EVENT_HEADER, 'time').offset;

/** Processes that have ended and are remembered. */
const MOST_EXITED = 16_384;

export interface ScopedEvents {
  /** Entries of the image log that have to come first. */
  readonly images: readonly Uint8Array[];
  /** Records, one after the other. */
  readonly records: Uint8Array;
  readonly count: number;
}

export class ScopeFilter {
  readonly #scope: StateScope;
  /** Of all living processes. */
  readonly #known = new Map<bigint, LoggedImage>();
  readonly #inScope = new Set<bigint>();
  readonly #written = new Set<bigint>();
  /** Their last events may come after the end, in the same batch or a later one. */
  readonly #exited: bigint[] = [];

  constructor(scope: StateScope) {
    this.#scope = scope;
  }

  /** Entries of images of the scope, with those of their ancestors before them. @param log a copy: it is kept */
  images(log: Uint8Array): Uint8Array[] {
    const entries: Uint8Array[] = [];
    for (const image of loggedImages(log)) {
      if (image.isExit) {
        if (this.#written.has(image.id)) entries.push(image.bytes);
        this.#exited.push(image.id);
        if (this.#exited.length > MOST_EXITED) this.#forget(this.#exited.shift());
      } else if (!this.#known.has(image.id)) {
        this.#known.set(image.id, image);
        if (!this.#belongs(image)) continue;
        this.#inScope.add(image.id);
        this.#addLine(image.id, entries);
      }
    }
    return entries;
  }

  /** Events of the scope. @param since ns since the epoch; earlier ones are left out */
  events(records: Uint8Array, since: bigint): ScopedEvents {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const images: Uint8Array[] = [];
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let at = 0; at < records.length; at += size) {
      size = view.getUint32(at + SIZE, true);
      const image = view.getBigUint64(at + IMAGE, true);
      if (!this.#isWanted(image) || view.getBigUint64(at + TIME, true) < since) continue;
      this.#addLine(image, images);
      parts.push(records.subarray(at, at + size));
    }
    return { images, records: Buffer.concat(parts), count: parts.length };
  }

  #forget(id = 0n): void {
    this.#known.delete(id);
    this.#inScope.delete(id);
    this.#written.delete(id);
  }

  #isWanted(image: bigint): boolean {
    return this.#scope.kind === 'all' || this.#inScope.has(image);
  }

  #belongs({ container, pid, session, parent, previous }: LoggedImage): boolean {
    switch (this.#scope.kind) {
      case 'all':
        return true;
      case 'container':
        return container === this.#scope.id;
      case 'process_tree':
        return [pid, session].includes(this.#scope.pid) || this.#inScope.has(parent) || this.#inScope.has(previous);
    }
  }

  /** The image behind its ancestors, and behind those that it has its strings from; as far as they are known and were not written. */
  #addLine(id: bigint, entries: Uint8Array[]): void {
    const ahead = [id];
    const seen = new Set<bigint>();
    for (let next = ahead.at(-1); next !== undefined; next = ahead.at(-1)) {
      const image = this.#written.has(next) ? undefined : this.#known.get(next);
      if (image && !seen.has(next)) {
        seen.add(next);
        if (!hasStrings(image)) ahead.push(image.previous);
        ahead.push(image.parent);
        continue;
      }
      ahead.pop();
      if (!image) continue;
      this.#written.add(next);
      entries.push(image.bytes);
    }
  }
}

/** Without any it has those of its parent, or of the image before. */
function hasStrings({ bytes }: LoggedImage): boolean {
  const record = new DataView(bytes.buffer, bytes.byteOffset + ENTRY_HEAD);
  return IMAGE_SHAPES.strings.some((at) => record.getUint32(at, true) !== 0);
}
