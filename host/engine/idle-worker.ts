// The engine's thread before its start: it loads its code and waits. Created while the
// rules are still being read, it saves 90 ms of an agent's start.

import { Worker } from 'node:worker_threads';
import { entryFile } from '../setup/entries.mjs';
import { Control } from './control.ts';
import type { WorkerStart } from './protocol.ts';

export class IdleWorker {
  readonly control = new Control();
  readonly #worker: Worker;
  #error: unknown;

  constructor() {
    this.#worker = new Worker(entryFile('engine'), { workerData: this.control.buffer, name: 'wasprey-engine' });
    // Steps before the start may fail, and the process must be able to exit then.
    this.#worker.unref();
    this.#worker.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /** Starts it; the caller listens to it from now on. Throws an earlier failure of the worker. */
  begin(start: WorkerStart): Worker {
    if (this.#error !== undefined) throw this.#error;
    this.#worker.ref();
    this.#worker.postMessage(start);
    this.control.announceMessage();
    return this.#worker;
  }
}
