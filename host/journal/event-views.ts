// Reads recordings as a history: each event with the fields that rules read, by the same code, without rules; and what
// happened to processes.

import { type Capture, IMAGES_AT_ONCE } from '../capture/native.ts';
import { openCapture } from '../capture/open.ts';
import { REPLAY_SIZES } from '../capture/sizes.ts';
import { storeContainer } from '../capture/store-container.ts';
import { useAccounts } from '../fields/account-names.ts';
import type { ReadContext } from '../fields/context.ts';
import { EventMemory } from '../fields/memory.ts';
import { readField } from '../fields/read.ts';
import { EventRecord, ImageRecord } from '../fields/record.ts';
import { valueText } from '../fields/text.ts';
import { decode, type FieldValue } from '../fields/value.ts';
import { RecordingFile } from '../recording/byte-source.ts';
import type { RecordingFacts } from '../recording/format.ts';
import { ENTRY_HEAD, entrySize } from '../recording/image-entries.ts';
import { RecordingReader } from '../recording/reader.ts';
import { Replay, type ReplayReport } from '../recording/replay.ts';
import { EVENT_FLAGS, EVENT_HEADER } from '../schema/event-structs.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import type { Field } from '../schema/fields/field.ts';
import { resolveField } from '../schema/fields/index.ts';
import { IMAGE_FLAGS } from '../schema/image.ts';
import { member } from '../schema/layout.ts';
import { ContainerView } from './container-view.ts';
import { ProcessView } from './process-view.ts';

const SIZE = member(EVENT_HEADER, 'size').offset;
const TYPE = member(EVENT_HEADER, 'type').offset;
const FLAGS = member(EVENT_HEADER, 'flags').offset;
const SEGMENT_PAIRS = 1024;

/** An event of a recording. Valid until the next item is read. */
export class EventView {
  readonly kind = 'event';
  /** The record, by the resolved names where they differ from those that were passed; see EventRecord.passedView. */
  readonly record: EventRecord;
  readonly #context: ReadContext;

  constructor(record: EventRecord, context: ReadContext) {
    this.record = record;
    this.#context = context;
  }

  /** Type of the call as it was made: `sendmmsg`, where `record` is the view as `sendmsg`. */
  get type(): string {
    return this.record.passedView.type.name;
  }

  /** ns since the epoch. */
  get time(): bigint {
    return this.record.time;
  }

  /** Id of the process image; unique in one run of the agent. */
  get image(): bigint {
    return this.record.big('image');
  }

  /**
   * The value of a field as rules name it: `proc.aname[2]`; undefined if the event has none.
   * @throws {Error} if there is no field of that name
   */
  field(name: string): FieldValue | undefined {
    const { field, argument } = fieldOf(name);
    try {
      return readField(this.record, field, argument, this.#context);
    } catch (error) {
      // The record is damaged within its bounds.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The field as the text that an alert would have. */
  text(name: string): string | undefined {
    const value = this.field(name);
    return value && decode(valueText(value));
  }
}

export type HistoryItem = EventView | ProcessView;

/** All that is in a growing file now was read. */
export interface Pause {
  readonly kind: 'pause';
}

const PAUSE: Pause = { kind: 'pause' };

export interface HistoryWants {
  /** Events of other types cost next to nothing. Default: all. */
  readonly types?: ReadonlySet<string>;
  /** Whether beginnings, changes and ends of processes are among the items. */
  readonly processes?: boolean;
}

/** What all() reads besides. */
export interface AllWants extends HistoryWants {
  /** Whether the file is still being written: reading pauses at its end, and continues until the file has its last block. */
  readonly follows?: boolean;
}

/** One recording, read item by item in the order in which it was recorded: a process before its first event. */
export class History implements Disposable {
  readonly #file: RecordingFile;
  readonly #reader: RecordingReader;

  /**
   * Throws RecordingError, and the errors of open().
   * @param isGrowing to be read with `follows`
   */
  constructor(path: string, isGrowing = false) {
    this.#file = new RecordingFile(path, isGrowing ? 'growing' : undefined);
    try {
      this.#reader = new RecordingReader(this.#file, isGrowing);
    } catch (error) {
      this.#file[Symbol.dispose]();
      throw error;
    }
  }

  get facts(): RecordingFacts {
    return this.#reader.facts;
  }

  /** Bytes of the file, how many of them were read, and the events in these. */
  get progress(): { readonly size: number; readonly done: number; readonly events: number } {
    return { size: this.#file.size, done: this.#reader.position, events: this.#reader.events };
  }

  /** Damaged parts are left out; the report has them. To be called once. */
  items(wants: HistoryWants = {}): Generator<HistoryItem, ReplayReport> {
    // Without being wanted, neither containers nor pauses come.
    return this.#read(wants, false, false) as Generator<HistoryItem, ReplayReport>;
  }

  /** All items, also the metadata of containers, as they became known. To be called once. */
  all(wants: AllWants = {}): Generator<HistoryItem | ContainerView | Pause, ReplayReport> {
    return this.#read(wants, true, wants.follows ?? false);
  }

  *#read(
    { types, processes: wantsProcesses = false }: HistoryWants,
    wantsContainers: boolean,
    follows: boolean,
  ): Generator<HistoryItem | ContainerView | Pause, ReplayReport> {
    const { users, groups, hostname, started } = this.facts;
    useAccounts(users, groups);
    const { capture, memory: sandbox } = openCapture({ source: 'builder', sizes: REPLAY_SIZES });
    const context = { sessionStart: started, hostname, isoTime: true, isLive: false };
    const memory = new EventMemory(sandbox.buffer);
    try {
      const processes = new ProcessLog(capture, memory, wantsProcesses);
      const replay = new Replay(
        this.#reader,
        capture,
        (id, entry) => {
          storeContainer(capture, id, entry);
          if (wantsContainers) processes.addContainer(id, entry);
        },
        (log) => processes.addImages(log),
      );
      capture.start([]);
      const events = new EventWalk(capture, memory, typeNumbers(types));
      for (let more = true; more; ) {
        more = replay.feed();
        yield* processes.take();
        for (const record of events.records()) yield new EventView(record, context);
        if (more || !follows || this.#reader.end) continue;
        yield PAUSE;
        more = true;
      }
      return replay.report;
    } finally {
      capture.close();
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** The first views of events in the ring that are wanted, each by its resolved view. */
class EventWalk {
  readonly #capture: Capture;
  readonly #memory: EventMemory;
  readonly #wanted: ReadonlySet<number> | undefined;
  readonly #segments = new Uint32Array(2 * SEGMENT_PAIRS);

  constructor(capture: Capture, memory: EventMemory, wanted: ReadonlySet<number> | undefined) {
    this.#capture = capture;
    this.#memory = memory;
    this.#wanted = wanted;
  }

  /** All that have been replayed. Each is valid until the next one is read. */
  *records(): Generator<EventRecord> {
    let pairs = this.#capture.poll(this.#segments, 0);
    for (; pairs > 0; pairs = this.#capture.poll(this.#segments, 0)) {
      for (let pair = 0; pair < pairs; pair++) {
        yield* this.#segment(this.#segments[2 * pair] ?? 0, this.#segments[2 * pair + 1] ?? 0);
      }
      this.#capture.release();
    }
  }

  *#segment(from: number, to: number): Generator<EventRecord> {
    const memory = this.#memory;
    for (let at = from; at < to; at += memory.u32(at + SIZE)) {
      if ((memory.u16(at + FLAGS) & EVENT_FLAGS.RESOLVED_VIEW) !== 0) continue;
      if (this.#wanted && !this.#wanted.has(memory.u16(at + TYPE))) continue;
      const record = EventRecord.at(memory, at);
      if (record) yield record.resolvedView;
    }
  }
}

/** What happened to processes and containers since the last events. */
class ProcessLog {
  readonly #capture: Capture;
  readonly #memory: EventMemory;
  readonly #isWanted: boolean;
  readonly #addresses = new Uint32Array(IMAGES_AT_ONCE);
  #views: (ProcessView | ContainerView)[] = [];

  constructor(capture: Capture, memory: EventMemory, isWanted: boolean) {
    this.#capture = capture;
    this.#memory = memory;
    this.#isWanted = isWanted;
  }

  /** @param log entries of native/src/images/image_log.h that were just put into the image table */
  addImages(log: Uint8Array): void {
    const added = this.#takeImages();
    if (!this.#isWanted) return;
    const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
    const memory = new EventMemory(log.buffer, log.byteOffset, log.byteLength);
    for (let at = 0; at < log.length; at += entrySize(view, at)) {
      const process = new ProcessView(memory, at + ENTRY_HEAD, undefined);
      const image = process.change === 'exit' ? undefined : added.get(process.id);
      this.#views.push(image ? new ProcessView(memory, at + ENTRY_HEAD, image) : process);
    }
  }

  addContainer(id: string, entry: Uint8Array): void {
    this.#views.push(new ContainerView(id, entry));
  }

  take(): readonly (ProcessView | ContainerView)[] {
    const views = this.#views;
    this.#views = [];
    return views;
  }

  /** New images by their ids. */
  #takeImages(): Map<bigint, ImageRecord> {
    const added = new Map<bigint, ImageRecord>();
    let count = this.#capture.takeImages(this.#addresses);
    for (; count > 0; count = this.#capture.takeImages(this.#addresses)) {
      if (!this.#isWanted) continue;
      for (const address of this.#addresses.subarray(0, count)) {
        const image = ImageRecord.at(this.#memory, address);
        if (image && (image.number('flags') & IMAGE_FLAGS.UNKNOWN) === 0) added.set(image.big('id'), image);
      }
    }
    this.#capture.takeContainers();
    return added;
  }
}

function typeNumbers(names: ReadonlySet<string> | undefined): ReadonlySet<number> | undefined {
  return names && new Set(EVENT_TYPES.filter(({ name }) => names.has(name)).map(({ number }) => number));
}

interface NamedField {
  readonly field: Field;
  readonly argument: string | undefined;
}

/** Cached: programs name a bounded number of them. */
const NAMED = new Map<string, NamedField>();

function fieldOf(name: string): NamedField {
  const known = NAMED.get(name);
  if (known) return known;
  const resolved = resolveField(name);
  if (!resolved.ok) throw new Error(`no field ${name}: ${resolved.reason}`);
  const named = { field: resolved.field, argument: resolved.argument };
  NAMED.set(name, named);
  return named;
}
