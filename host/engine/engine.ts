// The host's side of the engine: starts the worker, receives its matches, and stops it within a time limit.

import type { Worker } from 'node:worker_threads';
import type { JournalSelection } from '../capture/journal-selection.ts';
import type { MissingHook } from '../capture/missing-hooks.ts';
import type { NamedAddress } from '../capture/name-table.ts';
import type { HooksKind } from '../capture/native.ts';
import { messageOf } from '../diagnostics/system-reason.ts';
import { Delivery } from './host/delivery.ts';
import { IdleWorker } from './host/idle-worker.ts';
import type { EngineListener } from './host/listener.ts';
import { lastCounters, liveCounters } from './host/live-counts.ts';
import { PendingReplacement, type Replaced } from './host/pending-replacement.ts';
import { withinTime } from './host/within-time.ts';
import type { Control } from './messages/control.ts';
import { EngineError } from './messages/engine-error.ts';
import type { CaptureScopes, EngineCounters, FromWorker, ToWorker, WorkerStart } from './messages/protocol.ts';
import type { RuleSetStart } from './messages/rule-set-start.ts';

/**
 * Before it is ready, the kernel verifies all programs, and the addon fills the image table from all running processes: 0.3 s, and
 * up to 70 s on an emulated arm64 that shares its processors. It must be less than the web server's limit for a start (daemon/web/health.ts).
 */
const START_TIMEOUT_MS = 120_000;
/** A poll takes 50 ms at most, a run of a module 100 ms, and draining the rings three seconds (loop.ts). */
const STOP_TIMEOUT_MS = 4_000;
/** The worker answers between two batches. A stop must not wait long for one that is stuck. */
const CAPTURES_TIMEOUT_MS = 2_000;
/** The worker sends its totals every second; after so long the host reads them itself. */
const SILENCE_MS = 1_500;

/** Whether the worker is running. */
export interface EngineSign {
  readonly running: boolean;
  readonly silentMs: number;
}

export type EngineOptions = WorkerStart;

export class Engine {
  readonly #worker: Worker;
  readonly #control: Control;
  readonly #listener: EngineListener;
  readonly #delivery: Delivery;
  /** Resolve when the worker has finished evaluating, and when it has exited. */
  readonly #done: Promise<void>;
  #markDone: () => void = () => {};
  #journalSet: () => void = () => {};
  /** Unanswered, in order. `until`: a time of performance.now(). */
  readonly #capturesSet: { readonly resolve: () => void; readonly until: number }[] = [];
  readonly #replacement = new PendingReplacement();
  #counters: EngineCounters | undefined;
  #missing: readonly MissingHook[] = [];
  #hooks: HooksKind | undefined;
  /** Its handle. */
  #capture = 0;
  /** Time of the worker's last message. */
  #heardAt = performance.now();
  #phase: 'starting' | 'running' | 'stopping' | 'ended' = 'starting';

  private constructor(options: EngineOptions, listener: EngineListener, idle: IdleWorker) {
    this.#listener = listener;
    this.#control = idle.control;
    this.#delivery = new Delivery(listener, idle.control);
    this.#worker = idle.begin(options);
    this.#done = new Promise((resolve) => {
      this.#markDone = resolve;
      this.#worker.once('exit', resolve);
    });
  }

  /**
   * Resolves when events are being captured. Rejects with EngineError.
   * @param idle a worker created earlier; it can be used only once
   */
  static async start(options: EngineOptions, listener: EngineListener, idle = new IdleWorker()): Promise<Engine> {
    const engine = new Engine(options, listener, idle);
    await engine.#started();
    return engine;
  }

  /** The capture's handle, for calls of the addon from this thread. */
  get capture(): number {
    return this.#capture;
  }

  /** Sets the metadata of a container: a `struct container` with its strings. */
  setContainer(id: string, entry: Uint8Array): void {
    this.#post({ kind: 'container', id, entry });
  }

  /** Sets the addresses of host names in conditions. */
  setNames(addresses: readonly NamedAddress[]): void {
    this.#post({ kind: 'names', addresses });
  }

  /**
   * Sets what goes to the journal; undefined: nothing. Resolves when all blocks of what was set before have come, or the engine has ended. The
   * first block after that begins a segment. Calls must not overlap.
   */
  async setJournal(selection: JournalSelection | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#journalSet = resolve;
    this.#post({ kind: 'journal', selection });
    await Promise.race([promise, this.#done]);
  }

  /**
   * Sets whose events are captured, whatever the rules want. Resolves when all blocks of the journal up to then have come, or the engine has ended,
   * and two seconds after the first call that has no answer yet.
   */
  async setCaptures(scopes: CaptureScopes): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const now = performance.now();
    const until = this.#capturesSet[0]?.until ?? now + CAPTURES_TIMEOUT_MS;
    this.#capturesSet.push({ resolve, until });
    this.#post({ kind: 'captures', scopes });
    await withinTime(Promise.race([promise, this.#done]), Math.max(until - now, 0));
  }

  /** Makes one of the next blocks of the journal begin a segment. */
  beginSegment(): void {
    this.#post({ kind: 'begin-segment' });
  }

  /** Makes the worker collect its garbage in its next pause. */
  trim(): void {
    this.#post({ kind: 'trim' });
  }

  /**
   * Replaces the rules; resolves when hooks that only the previous rules needed are detached. Rejects with EngineError if the previous rules stay in
   * use. Calls must not overlap.
   */
  async replace(rules: RuleSetStart): Promise<Replaced> {
    if (this.#phase !== 'running' || this.#replacement.isUnderWay) {
      throw new EngineError({ code: 'ENGINE_STATE', message: "the rules can't be replaced now" });
    }
    const replaced = this.#replacement.begin();
    this.#post({ kind: 'replace', rules });
    return replaced;
  }

  /** Whether it evaluates, and the time since the worker's last message; a running worker sends its totals every second. */
  get sign(): EngineSign {
    return { running: this.#phase === 'running', silentMs: performance.now() - this.#heardAt };
  }

  /** The latest totals; at most a second old while it runs, final once it has stopped. */
  get counters(): EngineCounters | undefined {
    if (this.#phase !== 'running' || this.sign.silentMs < SILENCE_MS) return this.#counters;
    return this.#counters && liveCounters(this.#counters, this.#capture);
  }

  /** Hooks that the kernel refuses, among those that the rules needed so far. */
  get missing(): readonly MissingHook[] {
    return this.#missing;
  }

  /** The hooks of system calls that it uses; undefined: it captures none. */
  get hooks(): HooksKind | undefined {
    return this.#hooks;
  }

  /**
   * Evaluates the events that have arrived and stops. Never rejects; resolves within little more than four seconds, whatever the worker does.
   * The worker still exists then: the kernel takes some 100 ms to detach each hook, and the process can't exit before.
   * @param holds the capture can still be asked about processes, until release()
   */
  async stop(holds = false): Promise<void> {
    if (holds) this.#control.hold();
    if (this.#phase === 'running' || this.#phase === 'starting') this.#phase = 'stopping';
    this.#control.requestStop();
    if (await withinTime(this.#done, STOP_TIMEOUT_MS)) return;
    this.#countLost();
    // Not awaited: terminate() does not stop a worker that is stuck in native code.
    void this.#worker.terminate();
    this.#phase = 'ended';
  }

  /** Closes a capture that stop() has held. */
  release(): void {
    this.#control.release();
  }

  #post(message: ToWorker): void {
    if (this.#phase === 'ended') return;
    this.#worker.postMessage(message);
    this.#control.announceMessage();
  }

  async #started(): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        this.#heardAt = performance.now();
        if (message.kind === 'started') {
          this.#phase = 'running';
          this.#missing = message.missing;
          this.#hooks = message.hooks;
          this.#capture = message.capture;
          resolve();
        } else if (message.kind === 'error' && this.#phase === 'starting') {
          this.#phase = 'ended';
          reject(new EngineError(message.error));
        } else {
          this.#receive(message);
        }
      });
      this.#worker.on('error', (error: unknown) => {
        const failure = new EngineError({ code: 'ENGINE_FAILED', message: messageOf(error) });
        reject(failure);
        this.#end(failure);
      });
      this.#worker.on('exit', (status) => {
        const failure = new EngineError({ code: 'ENGINE_ENDED', message: `the worker exited with status ${status}` });
        reject(failure);
        this.#end(failure);
      });
    });
    if (await withinTime(started, START_TIMEOUT_MS)) return;
    this.#phase = 'ended';
    void this.#worker.terminate();
    const seconds = START_TIMEOUT_MS / 1000;
    throw new EngineError({ code: 'ENGINE_TIMEOUT', message: `the capture was not ready after ${seconds} s` });
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'captures-set':
        this.#capturesSet.shift()?.resolve();
        return;
      case 'journal-set':
        this.#journalSet();
        return;
      case 'replaced':
        this.#replacement.tookOver(message.longestStepMs);
        this.#listener.onReplaced?.(message.generation);
        return;
      case 'settled':
        this.#missing = message.missing;
        this.#replacement.settle(message.trouble);
        return;
      case 'not-replaced':
        this.#replacement.reject(new EngineError(message.error));
        return;
      case 'counters':
        this.#counters = message.counters;
        this.#listener.onCounters(message.counters);
        return;
      case 'stopped':
        this.#counters = message.counters;
        this.#listener.onCounters(message.counters);
        this.#phase = 'ended';
        this.#replacement.abandon();
        this.#markDone();
        return;
      case 'error':
        this.#end(new EngineError(message.error));
        return;
      case 'started':
        return;
      default:
        this.#delivery.deliver(message);
    }
  }

  /** The worker has sent no final totals: what it has not read is lost. */
  #countLost(): void {
    if (!this.#counters) return;
    this.#counters = lastCounters(this.#counters, this.#capture);
    this.#listener.onCounters(this.#counters);
  }

  /** Reports an unexpected end, once. */
  #end(error: EngineError): void {
    const expected = this.#phase !== 'running';
    if (!expected) this.#countLost();
    this.#phase = 'ended';
    this.#replacement.abandon();
    if (!expected) this.#listener.onError(error);
  }
}
