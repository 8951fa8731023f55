// The engine's thread before its start: it loads its code, and has the kernel verify the programs, while the host's thread reads and
// verifies the rules.

import { Worker } from 'node:worker_threads';
import { addonPath } from '../../capture/addon.ts';
import { entryFile } from '../../setup/entries.mjs';
import { Control } from '../messages/control.ts';
import type { CaptureSettings, ToIdleWorker, WorkerData, WorkerStart } from '../messages/protocol.ts';

let begun: IdleWorker | undefined;

/** Makes the one that takeIdleWorker() gives next: it loads its code while the caller still loads the rest of its own. */
export function beginIdleWorker(): void {
  begun = new IdleWorker();
}

export function takeIdleWorker(): IdleWorker {
  const worker = begun ?? new IdleWorker();
  begun = undefined;
  return worker;
}

export class IdleWorker {
  readonly control = new Control();
  readonly #worker: Worker;
  #error: unknown;

  constructor() {
    const workerData: WorkerData = { control: this.control.buffer, addon: addonPath() };
    this.#worker = new Worker(entryFile('engine'), { workerData, name: 'wasprey-engine' });
    // Steps before the start may fail, and the process must be able to exit then.
    this.#worker.unref();
    this.#worker.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Loads the programs of these event types already. A start with the same settings goes on from there; what it needs beyond them is loaded then.
   * A failure is reported by the start.
   */
  prepare(capture: CaptureSettings, eventTypes: readonly string[]): void {
    this.#send({ kind: 'prepare', capture, eventTypes });
  }

  /** Starts it; the caller listens to it from now on. Throws an earlier failure of the worker. */
  begin(start: WorkerStart): Worker {
    if (this.#error !== undefined) throw this.#error;
    this.#worker.ref();
    this.#send({ kind: 'start', start });
    return this.#worker;
  }

  #send(message: ToIdleWorker): void {
    this.#worker.postMessage(message);
    this.control.announceMessage();
  }
}
