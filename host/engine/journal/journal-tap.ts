// The worker's half of the journal: events that the addon selects, process images and containers, in blocks for the host to write. It never
// waits: what the host does not take in time is left out, and counted.

import type { JournalSelection } from '../../capture/journal-selection.ts';
import type { Capture } from '../../capture/native.ts';
import { containersOf, splitLog } from '../../recording/image-entries.ts';
import { PayloadBuilder } from '../../recording/payload.ts';
import { JOURNAL_USE, type JournalUse } from '../../schema/journal.ts';
import { type Control, JOURNAL_BLOCKS_IN_FLIGHT } from '../messages/control.ts';
import type { JournalSink } from '../messages/journal-block.ts';
import { BeginPause } from './begin-pause.ts';
import { ImageList, PIECE_BYTES } from './image-list.ts';

/** Size at which a block is complete: larger ones compress little better, and a damaged one loses little. */
const BLOCK_BYTES = 1 << 20;
/** A killed agent loses at most a second: this, and the time to write a block. */
const BLOCK_MS = 800;
/** Bytes of the list that begins a segment, in one block. A batch still fits in behind it. */
const LIST_BLOCK_BYTES = 2 << 20;
/** Blocks in flight up to which the list is sent: the first events behind it need room, too. */
const LIST_BLOCKS_IN_FLIGHT = JOURNAL_BLOCKS_IN_FLIGHT - 2;
const FEW_CONTAINERS = 256;
/** Images age by steps, in half seconds. */
const STEP_NS = 10_000_000n;

/** What is used of a capture. */
export type JournalSource = Pick<Capture, 'keepJournal' | 'allImages' | 'selectJournal' | 'takeJournalExtent'>;

export class JournalTap {
  readonly #capture: JournalSource;
  readonly #use: JournalUse;
  readonly #control: Pick<Control, 'keptBlocks'>;
  readonly #sink: JournalSink;
  /** Undefined while the journal is off: it takes memory. */
  #payload: PayloadBuilder | undefined;
  /** Metadata of containers, for the next segment. */
  readonly #known = new Map<string, Uint8Array>();
  readonly #new: string[] = [];
  /** When there are so many, those that are gone are forgotten. */
  #mostKnown = FEW_CONTAINERS;
  /** Whether the payload belongs to a segment; otherwise one has to begin. */
  #isOpen = false;
  #beginWanted = false;
  /** Until all images that begin the segment are in blocks: no event is kept before. */
  #list: ImageList | undefined;
  readonly #pause = new BeginPause();
  /** The payload is the first of its segment. */
  #begins = false;
  #leftOut = 0;
  #began = performance.now();
  /** Time of the last step. */
  #stepped = 0n;

  constructor(capture: JournalSource, use: JournalUse, control: Pick<Control, 'keptBlocks'>, sink: JournalSink) {
    this.#capture = capture;
    this.#use = use;
    this.#control = control;
    this.#sink = sink;
  }

  /** What is kept from now on; undefined: nothing. */
  select(selection: JournalSelection | undefined): void {
    this.end();
    this.#isOpen = false;
    this.#list = undefined;
    this.#pause.reset();
    this.#capture.keepJournal(JOURNAL_USE[this.#use], selection?.types, selection?.opens);
    this.#payload = selection && (this.#payload ?? new PayloadBuilder());
  }

  /** The next block begins a segment. */
  beginSegment(): void {
    this.#beginWanted = true;
  }

  /** The metadata of a container. */
  container(id: string, entry: Uint8Array): void {
    this.#known.set(id, entry);
    if (this.isOn) this.#new.push(id);
    if (this.#known.size < this.#mostKnown) return;
    this.#forgetContainers(this.#capture.allImages());
    this.#mostKnown = Math.max(FEW_CONTAINERS, 2 * this.#known.size);
  }

  get isOn(): boolean {
    return this.#payload !== undefined;
  }

  /** Takes one batch: `segments` are the pairs of addresses returned by poll(). @param log process images since the last batch */
  batch(segments: Uint32Array, pairs: number, log: Uint8Array): void {
    const payload = this.#payload;
    if (!payload) return;
    if (this.#mayBegin()) this.#begin(payload, log);
    else if (this.#isOpen) this.#images(payload, log);
    if (!this.#isOpen || this.#list) {
      this.#leaveOut(payload, segments, pairs);
      return;
    }
    this.#events(payload, segments, pairs);
    const full = payload.length >= BLOCK_BYTES;
    if (full || (payload.length > 0 && performance.now() - this.#began >= BLOCK_MS)) this.flush();
  }

  /** Passes on the incomplete block. */
  flush(): void {
    this.#flush(JOURNAL_BLOCKS_IN_FLIGHT);
  }

  /** Passes on all that is left, as the last: also how much was left out since the block before. */
  end(): void {
    // One more than the host takes at a time: there is nobody to wait for later.
    this.#flush(Number.POSITIVE_INFINITY);
    if (this.#leftOut === 0) return;
    this.#sink.leftOut(this.#leftOut);
    this.#leftOut = 0;
  }

  #flush(mostInFlight: number): void {
    this.#began = performance.now();
    if (!this.#payload || this.#payload.length === 0) return;
    const extent = this.#capture.takeJournalExtent(JOURNAL_USE[this.#use]);
    if (!this.#isOpen || this.#inFlight >= mostInFlight) {
      // Later events may need the images of this block, so that they need a new segment.
      this.#leftOut += extent.events;
      this.#cut(this.#payload);
      return;
    }
    this.#sink.block({ payload: this.#payload.take(), extent, begins: this.#begins, leftOut: this.#leftOut });
    this.#begins = false;
    this.#leftOut = 0;
  }

  get #inFlight(): number {
    return this.#control.keptBlocks(this.#use);
  }

  /** Whether a segment has to begin, and can. */
  #mayBegin(): boolean {
    if (this.#isOpen && (!this.#beginWanted || this.#list)) return false;
    if (this.#inFlight >= JOURNAL_BLOCKS_IN_FLIGHT / 2) return false;
    // Another capture needs all processes at once; few begin in an hour.
    const isNeeded = this.#isOpen && this.#use === 'captures';
    return isNeeded || this.#pause.isOver(performance.now());
  }

  /** @param log since the last batch: it belongs to the segment before, and is part of what comes now */
  #begin(payload: PayloadBuilder, log: Uint8Array): void {
    if (this.#isOpen) {
      this.#images(payload, log);
      this.flush();
    } else {
      payload.clear();
      this.#leftOut += this.#capture.takeJournalExtent(JOURNAL_USE[this.#use]).events;
    }
    this.#isOpen = true;
    this.#begins = true;
    this.#beginWanted = false;
    const images = this.#capture.allImages();
    this.#forgetContainers(images);
    this.#new.splice(0, Number.POSITIVE_INFINITY, ...this.#known.keys());
    const now = performance.now();
    this.#pause.began(images.length, now);
    this.#list = new ImageList(images, now);
    this.#images(payload, NOTHING);
  }

  /** Ends the segment where it is. */
  #cut(payload: PayloadBuilder): void {
    payload.clear();
    this.#isOpen = false;
    if (this.#list) this.#pause.cut(performance.now());
    this.#list = undefined;
  }

  /** Sends as much of the list as there is room for; the rest follows with later batches. */
  #sendList(payload: PayloadBuilder, list: ImageList): void {
    for (let piece = list.first; piece; piece = list.first) {
      if (!this.#makeListRoom(payload, piece.length)) break;
      this.#step(payload);
      payload.images(piece);
      list.take();
    }
    // A block that is full already would be cut with the next events.
    if (!list.first && (payload.length < BLOCK_BYTES || this.#makeListRoom(payload, LIST_BLOCK_BYTES))) {
      this.#list = undefined;
      this.#pause.whole();
    } else if (list.isLate(performance.now())) this.#cut(payload);
  }

  #makeListRoom(payload: PayloadBuilder, length: number): boolean {
    if (payload.length === 0 || payload.length + length <= LIST_BLOCK_BYTES) return true;
    if (this.#inFlight >= LIST_BLOCKS_IN_FLIGHT) return false;
    this.flush();
    return true;
  }

  #images(payload: PayloadBuilder, log: Uint8Array): void {
    if (this.#list) {
      this.#list.add(log);
      this.#sendList(payload, this.#list);
      if (this.#list || !this.#isOpen) return;
    } else if (log.length > 0) {
      this.#step(payload);
      for (const piece of splitLog(log, PIECE_BYTES)) {
        this.#makeRoom(payload, piece.length);
        payload.images(piece);
      }
    }
    if (this.#new.length > 0) this.#step(payload);
    for (const id of this.#new.splice(0)) {
      const entry = this.#known.get(id);
      if (!entry) continue;
      this.#makeRoom(payload, id.length * 3 + entry.length + 16);
      payload.container(id, entry);
    }
  }

  #events(payload: PayloadBuilder, segments: Uint32Array, pairs: number): void {
    const most = lengthOf(segments, pairs);
    if (most === 0) return;
    this.#makeRoom(payload, most + STEP_ROOM);
    const before = payload.length;
    this.#step(payload);
    const length = payload.fillRecords(most, (into) => this.#capture.selectJournal(JOURNAL_USE[this.#use], into));
    if (length > 0) return;
    payload.cutTo(before);
    this.#stepped = 0n;
  }

  /** Counts the events of a batch, while the payload has none. */
  #leaveOut(payload: PayloadBuilder, segments: Uint32Array, pairs: number): void {
    const most = lengthOf(segments, pairs);
    if (most === 0) return;
    const before = payload.length;
    payload.fillRecords(most, (into) => this.#capture.selectJournal(JOURNAL_USE[this.#use], into));
    payload.cutTo(before);
    this.#leftOut += this.#capture.takeJournalExtent(JOURNAL_USE[this.#use]).events;
  }

  /** Batches that follow each other soon share a step, for its bytes. */
  #step(payload: PayloadBuilder): void {
    const now = process.hrtime.bigint();
    if (payload.length > 0 && now - this.#stepped < STEP_NS) return;
    this.#stepped = now;
    payload.step(now, false);
  }

  #makeRoom(payload: PayloadBuilder, length: number): void {
    if (!payload.hasRoom(length)) this.flush();
  }

  /** Forgets containers that no image is in any more. */
  #forgetContainers(images: Uint8Array): void {
    if (this.#known.size === 0) return;
    const alive = containersOf(images);
    for (const id of this.#known.keys()) {
      if (![...alive].some((full) => full.startsWith(id))) this.#known.delete(id);
    }
  }
}

const NOTHING = new Uint8Array(0);
/** Bytes of a step and of the heads of entries. */
const STEP_ROOM = 64;

function lengthOf(segments: Uint32Array, pairs: number): number {
  let length = 0;
  for (let pair = 0; pair < pairs; pair++) length += (segments[2 * pair + 1] ?? 0) - (segments[2 * pair] ?? 0);
  return length;
}
