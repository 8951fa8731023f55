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

/** Images that no process has any more and that are remembered: so many, and bytes of so many. A batch has fewer. */
const MOST_EXITED = 16_384;
const MOST_EXITED_BYTES = 8 << 20;
/** What one costs beside its bytes. */
const IMAGE_COST = 256;

export interface ScopedEvents {
  /** Entries of the image log that have to come first. */
  readonly images: readonly Uint8Array[];
  /** Records, one after the other. */
  readonly records: Uint8Array;
  readonly count: number;
}

export class ScopeFilter {
  readonly #scope: StateScope;
  /** Images of all living processes, and of those that are remembered. */
  readonly #known = new Map<bigint, LoggedImage>();
  /** The image that a process has, by pid: without the images of single threads. */
  readonly #current = new Map<number, bigint>();
  readonly #inScope = new Set<bigint>();
  readonly #written = new Set<bigint>();
  /** Ended or replaced, the oldest first. Their last events may come after that, in the same batch or a later one. */
  readonly #exited = new Set<bigint>();
  #exitedBytes = 0;
  /** The source of an image without strings: the image that has them. It is kept as long. */
  readonly #sources = new Map<bigint, bigint>();
  /** Numbers of images that have their strings from a source. */
  readonly #dependents = new Map<bigint, number>();
  /** Sources that are kept for their dependents alone. */
  readonly #held = new Set<bigint>();

  constructor(scope: StateScope) {
    this.#scope = scope;
  }

  /** Images that are kept. */
  get size(): number {
    return this.#known.size;
  }

  /** Entries of images of the scope, with those of their ancestors before them. */
  images(log: Uint8Array): Uint8Array[] {
    const entries: Uint8Array[] = [];
    for (const image of loggedImages(log)) {
      if (image.isExit) {
        if (this.#written.has(image.id)) entries.push(Uint8Array.from(image.bytes));
        this.#retire(image.id);
      } else if (!this.#known.has(image.id)) {
        // A copy: what is kept must not keep the whole log.
        this.#known.set(image.id, { ...image, bytes: Uint8Array.from(image.bytes) });
        this.#noteSource(image);
        if (this.#belongs(image)) {
          this.#inScope.add(image.id);
          this.#addLine(image.id, entries);
        }
        this.#replace(image);
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

  /** Retires what the image replaces. The image of a thread replaces that of the thread, and not that of its process. */
  #replace({ id, pid, previous, isOfThread }: LoggedImage): void {
    const current = this.#current.get(pid);
    if (!isOfThread || previous !== current) this.#retire(previous);
    if (isOfThread || pid === 0) return;
    // Also where the end of an earlier process with that pid was lost.
    if (current !== undefined) this.#retire(current);
    this.#current.set(pid, id);
  }

  /** No process has the image any more: it is forgotten when enough others followed it. */
  #retire(id: bigint): void {
    const image = this.#known.get(id);
    if (!image || this.#exited.has(id) || this.#held.has(id)) return;
    if (this.#current.get(image.pid) === id) this.#current.delete(image.pid);
    this.#exited.add(id);
    this.#exitedBytes += this.#costOf(id);
    for (const oldest of this.#exited) {
      if (this.#exited.size <= MOST_EXITED && this.#exitedBytes <= MOST_EXITED_BYTES) return;
      this.#forget(oldest);
    }
  }

  #forget(id: bigint): void {
    this.#exitedBytes -= this.#costOf(id);
    this.#exited.delete(id);
    if (this.#dependents.has(id)) this.#held.add(id);
    else this.#drop(id);
  }

  #drop(id: bigint): void {
    const source = this.#sources.get(id);
    for (const ids of [this.#known, this.#inScope, this.#written, this.#sources]) ids.delete(id);
    if (source === undefined) return;
    const others = (this.#dependents.get(source) ?? 1) - 1;
    if (others > 0) {
      this.#dependents.set(source, others);
      return;
    }
    this.#dependents.delete(source);
    if (this.#held.delete(source)) this.#drop(source);
  }

  #costOf(id: bigint): number {
    const source = this.#sources.get(id) ?? 0n;
    const bytes = (of: bigint): number => this.#known.get(of)?.bytes.length ?? 0;
    return bytes(id) + bytes(source) + IMAGE_COST;
  }

  #noteSource(image: LoggedImage): void {
    if (hasStrings(image)) return;
    const before = this.#known.get(image.previous === 0n ? image.parent : image.previous);
    const source = before && hasStrings(before) ? before.id : this.#sources.get(before?.id ?? 0n);
    if (source === undefined) return;
    this.#sources.set(image.id, source);
    this.#dependents.set(source, (this.#dependents.get(source) ?? 0) + 1);
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

  /** Adds the image, behind its ancestors and those that it shares strings with: known ones that were not written yet. */
  #addLine(id: bigint, entries: Uint8Array[]): void {
    const ahead = [id];
    const seen = new Set<bigint>();
    for (let next = ahead.at(-1); next !== undefined; next = ahead.at(-1)) {
      const image = this.#written.has(next) ? undefined : this.#known.get(next);
      if (image && !seen.has(next)) {
        seen.add(next);
        if (!hasStrings(image)) ahead.push(this.#sources.get(next) ?? 0n, image.previous);
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
