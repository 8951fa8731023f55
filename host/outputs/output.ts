// The interface of outputs. Each output has its own queue: a blocked one delays neither the others nor evaluation.

import type { Alert } from './alert.ts';

export interface OutputCounters {
  /** Alerts written completely. */
  readonly written: number;
  /** Alerts lost because the output did not keep up, or failed. */
  readonly dropped: number;
  /** Failed attempts to write. */
  readonly errors: number;
  /** Alerts in the queue, if there is one. */
  readonly queued?: number;
  /** Bytes of waiting alerts on disk, if there is a spool. */
  readonly spoolBytes?: number;
  /** Repeated alerts that were not written, and were reported in a later alert instead. */
  readonly heldBack?: number;
}

export interface Output {
  /** For messages and metrics: `stdout`, `file`. */
  readonly name: string;
  /** Never blocks and never throws. */
  write(alert: Alert): void;
  /** Reopens the file by its name: the previous one was moved away. */
  reopen?(): void;
  /** Resolves when the queue has been written, or will not be: for a source that can wait. */
  drained?(): Promise<void>;
  /** Flushes the queue for at most so long; remaining alerts are counted as dropped. */
  close(timeoutMs: number): Promise<void>;
  readonly counters: OutputCounters;
}
