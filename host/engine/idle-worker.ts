// The engine's thread before it has anything to do: it loads its code, and waits for what to start with. Made while the
// rules are still being read, it spares an agent's start the 90 ms that loading takes.

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Control } from './control.ts';
import type { WorkerStart } from './protocol.ts';

const ENTRY = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url);

export class IdleWorker {
  readonly control = new Control();
  readonly #worker: Worker;
  #error: unknown;

  constructor() {
    this.#worker = new Worker(ENTRY, { workerData: this.control.buffer, name: 'wasprey-engine' });
    // What comes before the start may fail, and the process end with it.
    this.#worker.unref();
    this.#worker.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /** Has it start; whoever calls this listens to it from now on. Throws what it has failed by. */
  begin(start: WorkerStart): Worker {
    if (this.#error !== undefined) throw this.#error;
    this.#worker.ref();
    this.#worker.postMessage(start);
    this.control.announceMessage();
    return this.#worker;
  }
}
