// Recording: events of this machine go to a file, with metadata from the runtimes; no rule is evaluated.

import { hostname, release } from 'node:os';
import type { MissingHook } from '../capture/missing-hooks.ts';
import type { CaptureSizes } from '../capture/native.ts';
import { Engine } from '../engine/engine.ts';
import type { EngineError } from '../engine/messages/engine-error.ts';
import { type EngineCounters, HOLD_LIMITS } from '../engine/messages/protocol.ts';
import { machineAccounts } from '../fields/account-names.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { ContainerDirectory } from '../metadata/directory/container-directory.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import { RecordingWriter, type WriterCounters } from '../recording/writer.ts';

export interface RecordOptions {
  readonly path: string;
  /** Maximum size of the file in bytes. Default: no limit. */
  readonly mostBytes?: number;
  readonly eventTypes: readonly string[];
  /** `builder` captures nothing: events are given to inject(). */
  readonly source?: 'bpf' | 'builder';
  readonly sizes?: CaptureSizes;
  readonly runtimes?: Partial<RuntimePlaces>;
  /** Called when recording has ended by itself; only stop() is left to call. */
  readonly onEnd: (reason: RecordEnd) => void;
}

export type RecordEnd =
  | { readonly kind: 'full' }
  | { readonly kind: 'not-writable'; readonly error: unknown }
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
  /** Source `builder` only. */
  inject(images: readonly Uint8Array[], events: readonly Uint8Array[]): void;
  /** Writes pending events, and ends the file. Takes little more than four seconds at most. */
  stop(): Promise<RecordSummary>;
}

/** Resolves when events are being recorded. Rejects with EngineError, and with what open() throws for the file. */
export async function startRecording(options: RecordOptions): Promise<RecordSession> {
  const facts = {
    hostname: process.env.FALCO_HOSTNAME || hostname(),
    started: BigInt(Date.now()) * NANOSECONDS_PER_MS,
    kernel: release(),
    eventTypes: options.eventTypes,
    ...machineAccounts(),
  };
  const writer = new RecordingWriter(options.path, facts, options.mostBytes);
  let engine: Engine | undefined;
  let reason: RecordEnd | undefined;
  let failed = false;
  const end = (why: RecordEnd): void => {
    if (reason) return;
    reason = why;
    options.onEnd(why);
  };
  const directory = new ContainerDirectory((id, entry) => engine?.setContainer(id, entry), {
    places: options.runtimes,
  });
  directory.start();
  try {
    engine = await Engine.start(
      {
        source: options.source ?? 'bpf',
        ...(options.sizes && { sizes: options.sizes }),
        rules: { generation: 0, modules: [], eventTypes: options.eventTypes },
        ruleMatching: 'first',
        hold: HOLD_LIMITS,
        hostname: facts.hostname,
        isoTime: false,
        recording: true,
      },
      {
        onBlock: ({ payload, events }) => {
          if (failed) return;
          try {
            if (!writer.write(payload, events)) end({ kind: 'full' });
          } catch (error) {
            failed = true;
            end({ kind: 'not-writable', error });
          }
        },
        onMatches: () => {},
        onContainers: (notices) => {
          for (const notice of notices) directory.ask(notice);
        },
        onSetAside: () => {},
        onTakenBack: () => {},
        onCounters: () => {},
        onError: (error) => end({ kind: 'engine', error }),
      },
    );
  } catch (error) {
    directory.close();
    writer.abandon();
    throw error;
  }
  const running = engine;
  const began = performance.now();
  return {
    missing: running.missing,
    inject: (images, events) => running.inject(images, events),
    async stop() {
      const seconds = (performance.now() - began) / 1000;
      await running.stop();
      directory.close();
      const dropped = running.counters?.capture.dropped.reduce((sum, count) => sum + count, 0) ?? 0;
      if (failed) writer.abandon();
      else {
        try {
          writer.close({ dropped, seconds });
        } catch (error) {
          end({ kind: 'not-writable', error });
        }
      }
      return { engine: running.counters, file: writer.counters, seconds, ...(reason && { reason }) };
    },
  };
}
