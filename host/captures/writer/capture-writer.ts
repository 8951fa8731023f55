// Writes one capture: what was before the alert, the alert, the state, and what comes after it, each as far as it belongs to the scope.
// Reads and writes without a pause, so it has a thread of its own (capture-worker.ts).

import { type BlockInMemory, unpackBlock } from '../../recording/block.ts';
import { RecordingFile } from '../../recording/byte-source.ts';
import { BLOCK_KIND, LONGEST_PAYLOAD, type RecordingFacts } from '../../recording/format.ts';
import { PayloadBuilder, type RecordedEntry, readPayload, STEP_BYTES } from '../../recording/payload.ts';
import { RecordingReader } from '../../recording/reader.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import { type Captured, noteBytes } from '../notes/capture-notes.ts';
import { fitState } from '../state/fit-state.ts';
import type { State, StateScope } from '../state/state.ts';
import { ScopeFilter } from './scope-filter.ts';

export interface CapturePlan {
  readonly path: string;
  readonly facts: RecordingFacts;
  readonly scope: StateScope;
  /** ns since the epoch: earlier events are left out. */
  readonly since: bigint;
  /** Bytes of the file. */
  readonly mostBytes: number;
}

/** A segment of a journal: the first bytes of a file, which may be longer by now, or its packed blocks in memory. */
export type Segment = { readonly path: string; readonly bytes: number } | { readonly blocks: readonly BlockInMemory[] };

export class CaptureWriter {
  readonly #plan: CapturePlan;
  readonly #filter: ScopeFilter;
  readonly #writer: RecordingWriter;
  readonly #payload = new PayloadBuilder();
  readonly #cuts: string[] = [];
  #isFull = false;

  /** Creates the file. Throws the errors of open() and write(). */
  constructor(plan: CapturePlan) {
    this.#plan = plan;
    this.#filter = new ScopeFilter(plan.scope);
    this.#writer = new RecordingWriter(plan.path, plan.facts, plan.mostBytes, 'new');
  }

  /** Adds a sentence on what is missing. */
  cut(sentence: string): void {
    this.#cuts.push(sentence);
  }

  /** Segments in order of time. Throws the errors of write(). */
  before(segments: readonly Segment[]): void {
    for (const segment of segments) {
      try {
        for (const entries of entriesOf(segment)) this.#add(entries);
      } catch (error) {
        if (isErrorOfWrite(error)) throw error;
        this.cut(`Events before the alert are missing: a segment of the journal can't be read.`);
      }
    }
    this.#flush();
  }

  alert(captured: Captured): void {
    this.#beside(BLOCK_KIND.ALERT, noteBytes(captured), 'An alert');
  }

  state(state: State): void {
    this.#beside(BLOCK_KIND.STATE, noteBytes(fitState(state)), 'The state');
  }

  /** A block of the journal. Throws the errors of write(). */
  block(payload: Uint8Array): void {
    this.#add(readPayload(payload).entries);
    this.#flush();
  }

  /** @param dropped events that never came, of all processes @param seconds from the alert on */
  close(dropped: number, seconds: number): { readonly bytes: number; readonly events: number } {
    this.#flush();
    this.#writer.close({ dropped, seconds, ...(this.#cuts.length > 0 && { cuts: this.#cuts }) });
    const { bytes, events } = this.#writer.counters;
    return { bytes, events };
  }

  #add(entries: readonly RecordedEntry[]): void {
    for (const entry of entries) {
      switch (entry.kind) {
        case 'step':
          this.#makeRoom(STEP_BYTES);
          this.#payload.step(entry.clock, entry.snapshotComplete);
          break;
        case 'images':
          this.#images(this.#filter.images(entry.log));
          break;
        case 'container':
          if (this.#concerns(entry.id)) {
            this.#makeRoom(entry.id.length * 3 + entry.entry.length + 16);
            this.#payload.container(entry.id, entry.entry);
          }
          break;
        case 'events': {
          const { images, records, count } = this.#filter.events(entry.records, this.#plan.since);
          this.#images(images);
          if (count === 0) break;
          this.#makeRoom(records.length);
          this.#payload.records(records, () => count);
          break;
        }
      }
    }
  }

  #images(entries: readonly Uint8Array[]): void {
    for (const entry of entries) {
      this.#makeRoom(entry.length);
      this.#payload.images(entry);
    }
  }

  /** @param container an id, short or full */
  #concerns(container: string): boolean {
    const { scope } = this.#plan;
    return scope.kind !== 'container' || scope.id.startsWith(container) || container.startsWith(scope.id);
  }

  #makeRoom(length: number): void {
    if (!this.#payload.hasRoom(length)) this.#flush();
  }

  #flush(): void {
    if (this.#payload.length === 0) return;
    const { events } = this.#payload;
    if (!this.#writer.write(this.#payload.take(), events)) this.#full();
  }

  #beside(kind: number, bytes: Uint8Array, what: string): void {
    this.#flush();
    if (this.#writer.writeBeside(kind, bytes)) return;
    this.cut(`${what} is missing: ${bytes.length > LONGEST_PAYLOAD ? 'it is' : 'the file would be'} too long.`);
  }

  #full(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.cut(`Later events are missing: the file has reached ${Math.round(this.#plan.mostBytes / (1 << 20))} MB.`);
  }
}

function* entriesOf(segment: Segment): Generator<readonly RecordedEntry[]> {
  if ('blocks' in segment) {
    for (const { stored, payloadLength, eventsAt } of segment.blocks) {
      const payload = unpackBlock(stored, payloadLength, eventsAt);
      if (payload) yield readPayload(payload).entries;
    }
    return;
  }
  using file = new RecordingFile(segment.path);
  const size = Math.min(file.size, segment.bytes);
  const source = { size, read: (at: number, length: number) => file.read(at, Math.min(length, size - at)) };
  for (const { entries } of new RecordingReader(source).payloads()) yield entries;
}

function isErrorOfWrite(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'write';
}
