// Checks the capture every second, on the thread that reads it, and reports the findings to the host.

import { readlinkSync } from 'node:fs';
import type { Capture } from '../../capture/native.ts';
import type { FromWorker } from '../messages/protocol.ts';

/** Changes must be reported within 5 s, and a check may need four attempts to be sure. */
const CHECK_EVERY_MS = 1000;

export class IntegrityGuard {
  readonly #capture: Capture;
  readonly #send: (message: FromWorker) => void;
  /** Id of this thread in the root pid namespace, as events have it; 0 while unknown. */
  thread = 0;
  #place = '';
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(capture: Capture, send: (message: FromWorker) => void) {
    this.#capture = capture;
    this.#send = send;
  }

  /** Call on the polling thread, after the start of the capture. */
  begin(): void {
    this.thread = this.#capture.thisThread();
    this.#place = ownThread();
    this.#checkedAt = performance.now();
  }

  /** Call between batches. */
  checkIfDue(): void {
    const now = performance.now();
    if (now - this.#checkedAt < CHECK_EVERY_MS) return;
    this.#checkedAt = now;
    const integrity = this.#capture.checkIntegrity();
    this.#send({ kind: 'integrity', report: { ...integrity, thread: this.#place } });
  }
}

/** `PID/task/TID`, or '' without /proc. */
function ownThread(): string {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return '';
  }
}
