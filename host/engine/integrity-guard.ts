// Has the capture checked every second, by the thread that reads it, and tells the host what comes of it.

import { readlinkSync } from 'node:fs';
import type { Capture } from '../capture/native.ts';
import type { FromWorker } from './protocol.ts';

/** A change is to be told of within 5 s, and the check needs to look up to four times to be sure. */
const CHECK_EVERY_MS = 1000;

export class IntegrityGuard {
  readonly #capture: Capture;
  readonly #send: (message: FromWorker) => void;
  /** Number of this thread in the root pid namespace, which events have; 0 as long as it is not known. */
  thread = 0;
  #place = '';
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(capture: Capture, send: (message: FromWorker) => void) {
    this.#capture = capture;
    this.#send = send;
  }

  /** To be called on the thread that polls, when the capture was started. */
  begin(): void {
    this.thread = this.#capture.thisThread();
    this.#place = ownThread();
    this.#checkedAt = performance.now();
  }

  /** To be called between batches. */
  checkIfDue(): void {
    const now = performance.now();
    if (now - this.#checkedAt < CHECK_EVERY_MS) return;
    this.#checkedAt = now;
    const integrity = this.#capture.checkIntegrity();
    this.#send({ kind: 'integrity', report: { ...integrity, thread: this.#place } });
  }
}

/** `PID/task/TID`, or nothing where there is no /proc. */
function ownThread(): string {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return '';
  }
}
