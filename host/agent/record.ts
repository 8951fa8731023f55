// Recording: events of this machine go to a file, with metadata from the runtimes; no rule is evaluated.

import { hostname, release } from 'node:os';
import type { MissingHook } from '../capture/missing-hooks.ts';
import type { CaptureSizes } from '../capture/native.ts';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import type { EngineError } from '../engine/messages/engine-error.ts';
import { type EngineCounters, HOLD_LIMITS } from '../engine/messages/protocol.ts';
import { machineAccounts } from '../fields/account-names.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { ContainerDirectory } from '../metadata/directory/container-directory.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import type { RecordingEnd } from '../recording/format.ts';
import { ReplacedFile } from '../recording/replaced-file.ts';
import { RecordingWriter, type WriterCounters } from '../recording/writer.ts';

export interface RecordOptions {
  readonly path: string;
  /** Maximum size of the file in bytes. Default: no limit. */
  readonly mostBytes?: number;
  readonly eventTypes: readonly string[];
  /** `builder` captures nothing: tests write its records (native/test). */
  readonly source?: 'bpf' | 'builder';
  readonly sizes?: CaptureSizes;
  readonly runtimes?: Partial<RuntimePlaces>;
  /** Called when recording has ended by itself; only stop() is left to call. */
  readonly onEnd: (reason: RecordEnd) => void;
}

export type RecordEnd =
  | { readonly kind: 'full' }
  | { readonly kind: 'not-writable'; readonly error: unknown }
  /** Something else is at its place, or nothing. */
  | { readonly kind: 'removed' }
  | { readonly kind: 'engine'; readonly error: EngineError };

export interface RecordSummary {
  /** Undefined if the worker was terminated before it could report. */
  readonly engine: EngineCounters | undefined;
  readonly file: WriterCounters;
  readonly seconds: number;
  /** Why the file is not complete, even if that was only found at the end. */
  readonly reason?: RecordEnd;
}

export interface RecordSession {
  /** Hooks that the kernel lacks: their events are not recorded. */
  readonly missing: readonly MissingHook[];
  /** The handle of its capture, for calls of the addon. */
  readonly capture: number;
  /** Writes pending events, and ends the file. Takes little more than four seconds at most. */
  stop(): Promise<RecordSummary>;
}

/** Resolves when events are being recorded. Rejects with EngineError, and with what open() throws for the file. */
export async function startRecording(options: RecordOptions): Promise<RecordSession> {
  const host = process.env.FALCO_HOSTNAME || hostname();
  const file = new RecordedFile(options, host);
  let engine: Engine | undefined;
  const directory = new ContainerDirectory((id, entry) => engine?.setContainer(id, entry), {
    places: options.runtimes,
  });
  directory.start();
  try {
    engine = await Engine.start(engineOptions(options, host), {
      onBlock: ({ payload, events }) => file.write(payload, events),
      onMatches: () => {},
      onContainers: (notices) => {
        for (const notice of notices) directory.ask(notice);
      },
      onSetAside: () => {},
      onTakenBack: () => {},
      onCounters: () => {},
      onError: (error) => file.end({ kind: 'engine', error }),
    });
    file.moveIntoPlace();
  } catch (error) {
    await engine?.stop();
    directory.close();
    file.abandon();
    throw error;
  }
  return sessionOf(engine, directory, file);
}

function engineOptions({ source, sizes, eventTypes }: RecordOptions, host: string): EngineOptions {
  return {
    source: source ?? 'bpf',
    ...(sizes && { sizes }),
    rules: { generation: 0, modules: [], eventTypes },
    ruleMatching: 'first',
    hold: HOLD_LIMITS,
    hostname: host,
    isoTime: false,
    recording: true,
  };
}

function sessionOf(engine: Engine, directory: ContainerDirectory, file: RecordedFile): RecordSession {
  const began = performance.now();
  return {
    missing: engine.missing,
    capture: engine.capture,
    async stop() {
      const seconds = (performance.now() - began) / 1000;
      await engine.stop();
      directory.close();
      const dropped = engine.counters?.capture.dropped.reduce((sum, count) => sum + count, 0) ?? 0;
      file.close({ dropped, seconds });
      return { engine: engine.counters, file: file.counters, seconds, ...(file.ended && { reason: file.ended }) };
    },
  };
}

/** The file, and why it takes no more events. */
class RecordedFile {
  readonly #file: ReplacedFile;
  readonly #writer: RecordingWriter;
  readonly #onEnd: RecordOptions['onEnd'];
  #ended: RecordEnd | undefined;
  #failed = false;

  /** @throws what open() throws */
  constructor({ path, mostBytes, eventTypes, onEnd }: RecordOptions, host: string) {
    const facts = {
      hostname: host,
      started: BigInt(Date.now()) * NANOSECONDS_PER_MS,
      kernel: release(),
      eventTypes,
      ...machineAccounts(),
    };
    this.#file = new ReplacedFile(path);
    const { path: target, how } = this.#file.target;
    try {
      this.#writer = new RecordingWriter(target, facts, mostBytes, how);
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.#onEnd = onEnd;
  }

  /** The first reason. */
  get ended(): RecordEnd | undefined {
    return this.#ended;
  }

  get counters(): WriterCounters {
    return this.#writer.counters;
  }

  /** When events are recorded. Throws the errors of rename(). */
  moveIntoPlace(): void {
    this.#file.moveIntoPlace();
  }

  end(why: RecordEnd): void {
    if (this.#ended) return;
    this.#ended = why;
    this.#onEnd(why);
  }

  write(payload: Uint8Array, events: number): void {
    if (this.#failed) return;
    try {
      if (!this.#writer.write(payload, events)) this.end({ kind: 'full' });
    } catch (error) {
      this.#failed = true;
      this.end({ kind: 'not-writable', error });
    }
  }

  close(totals: Omit<RecordingEnd, 'events'>): void {
    if (this.#failed) {
      this.abandon();
      return;
    }
    try {
      this.#writer.close(totals);
      if (this.#file.isRemoved) this.end({ kind: 'removed' });
    } catch (error) {
      this.end({ kind: 'not-writable', error });
    }
    this.#file.close();
  }

  abandon(): void {
    this.#writer.abandon();
    this.#file.close();
  }
}
