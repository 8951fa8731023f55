// The replay, in the worker: puts a recording's entries where the capture of a builder has them, one stretch of events at a time.

import type { Capture } from '../capture/native.ts';
import { storeContainer } from '../capture/store-container.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { cutRecords } from './event-records.ts';
import type { RecordingEnd } from './format.ts';
import type { RecordedEntry } from './payload.ts';
import type { Damage, RecordingReader } from './reader.ts';

/** Events put in at once: few enough that their matches can wait to be told, enough that the calls around them do not count. */
const STRETCH_BYTES = 128 << 10;
const NOTHING = new Uint8Array(0);

export interface ReplayReport {
  readonly events: number;
  /** From the first block that was read until the last event was evaluated. */
  readonly seconds: number;
  readonly damage: readonly Damage[];
  /** What the recorder told at the end; undefined when the recording is cut off. */
  readonly end: RecordingEnd | undefined;
}

export class Replay {
  readonly #reader: RecordingReader;
  readonly #capture: Capture;
  readonly #onContainer: (id: string, entry: Uint8Array) => void;
  readonly #entries: Generator<RecordedEntry>;
  #events: Uint8Array = NOTHING;
  #began: number | undefined;
  #clock = 1n;
  #snapshotComplete = false;

  constructor(reader: RecordingReader, capture: Capture, onContainer: (id: string, entry: Uint8Array) => void) {
    this.#reader = reader;
    this.#capture = capture;
    this.#onContainer = onContainer;
    this.#entries = entriesOf(reader);
  }

  /** Puts in what comes up to the next stretch of events and that stretch. False when there is nothing left. */
  feed(): boolean {
    this.#began ??= performance.now();
    while (this.#events.length === 0) {
      const { value, done } = this.#entries.next();
      if (done) return false;
      this.#take(value);
    }
    const length = cutRecords(this.#events, STRETCH_BYTES);
    this.#capture.replay(this.#clock, NOTHING, this.#events.subarray(0, length), false);
    this.#events = this.#events.subarray(length);
    return true;
  }

  /** The recorded time that it has come to. */
  get milliseconds(): number {
    return Number(this.#clock / NANOSECONDS_PER_MS);
  }

  get report(): ReplayReport {
    const { events, damage, end } = this.#reader;
    const seconds = (performance.now() - (this.#began ?? performance.now())) / 1000;
    return { events, seconds, damage: [...damage], end };
  }

  #take(entry: RecordedEntry): void {
    switch (entry.kind) {
      case 'step':
        this.#clock = entry.clock;
        this.#snapshotComplete = entry.snapshotComplete;
        return;
      case 'images':
        this.#capture.replay(this.#clock, entry.log, NOTHING, this.#snapshotComplete);
        return;
      case 'container':
        // Where there is no room for it the container stays as its cgroup tells.
        storeContainer(this.#capture, entry.id, entry.entry);
        this.#onContainer(entry.id, entry.entry);
        return;
      case 'events':
        this.#events = entry.records;
        return;
    }
  }
}

function* entriesOf(reader: RecordingReader): Generator<RecordedEntry> {
  for (const { entries } of reader.payloads()) yield* entries;
}
