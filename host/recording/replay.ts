// The replay, in the worker: injects a recording's entries into a builder capture, one group of events at a time.

import type { Capture } from '../capture/native.ts';
import { storeContainer } from '../capture/store-container.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { cutRecords } from './event-records.ts';
import type { RecordingEnd } from './format.ts';
import type { RecordedEntry } from './payload.ts';
import type { Damage, RecordingSource } from './source.ts';

/** Most events injected at once: few enough for the queue of matches, enough to make the overhead of the calls negligible. */
const STRETCH_BYTES = 128 << 10;
const NOTHING = new Uint8Array(0);

export interface ReplayReport {
  readonly events: number;
  /** Time from the first block until the last event was evaluated. */
  readonly seconds: number;
  /** Events of types that this version does not have, which were not evaluated. */
  readonly leftOut: number;
  readonly damage: readonly Damage[];
  /** The contents of the last block; undefined when the recording is cut off. */
  readonly end: RecordingEnd | undefined;
}

export class Replay {
  readonly #reader: RecordingSource;
  readonly #capture: Capture;
  readonly #onContainer: (id: string, entry: Uint8Array) => void;
  readonly #onImages: (log: Uint8Array) => void;
  #entries: Generator<RecordedEntry>;
  #events: Uint8Array = NOTHING;
  #began: number | undefined;
  #clock = 1n;
  #snapshotComplete = false;

  /** @param onImages called with entries of native/src/images/image_log.h, once they are in the image table */
  constructor(
    reader: RecordingSource,
    capture: Capture,
    onContainer: (id: string, entry: Uint8Array) => void,
    onImages: (log: Uint8Array) => void = () => {},
  ) {
    this.#reader = reader;
    this.#capture = capture;
    this.#onContainer = onContainer;
    this.#onImages = onImages;
    this.#entries = entriesOf(reader);
  }

  /** Injects all entries up to and including the next group of events. False at the end, or where a growing one ends now. */
  feed(): boolean {
    this.#began ??= performance.now();
    while (this.#events.length === 0) {
      const { value, done } = this.#entries.next();
      if (done) {
        // A recording that grows has more later.
        this.#entries = entriesOf(this.#reader);
        return false;
      }
      this.#take(value);
    }
    const length = cutRecords(this.#events, STRETCH_BYTES);
    this.#capture.replay(this.#clock, NOTHING, this.#events.subarray(0, length), false);
    this.#events = this.#events.subarray(length);
    return true;
  }

  /** The current recorded time. */
  get milliseconds(): number {
    return Number(this.#clock / NANOSECONDS_PER_MS);
  }

  get report(): ReplayReport {
    const { events, leftOut, damage, end } = this.#reader;
    const seconds = (performance.now() - (this.#began ?? performance.now())) / 1000;
    return { events, leftOut, seconds, damage: [...damage], end };
  }

  #take(entry: RecordedEntry): void {
    switch (entry.kind) {
      case 'step':
        this.#clock = entry.clock;
        this.#snapshotComplete = entry.snapshotComplete;
        return;
      case 'images':
        this.#capture.replay(this.#clock, entry.log, NOTHING, this.#snapshotComplete);
        this.#onImages(entry.log);
        return;
      case 'container':
        // Without room for its entry, the container only has what its cgroup shows.
        storeContainer(this.#capture, entry.id, entry.entry);
        this.#onContainer(entry.id, entry.entry);
        return;
      case 'events':
        this.#events = entry.records;
        return;
    }
  }
}

function* entriesOf(reader: RecordingSource): Generator<RecordedEntry> {
  for (const { entries } of reader.payloads()) yield* entries;
}
