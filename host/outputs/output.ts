// Where alerts go. Each output has its own queue: one that is blocked delays no other, and never evaluation.

import type { Alert } from './alert.ts';

export interface OutputCounters {
  /** Alerts handed over in full. */
  readonly written: number;
  /** Alerts lost because the output did not keep up, or failed. */
  readonly dropped: number;
  /** Failed attempts to write. */
  readonly errors: number;
  /** Alerts that wait to be written now, where there is a queue. */
  readonly queued?: number;
  /** What of them is on disk, where there is a spool. */
  readonly spoolBytes?: number;
  /** Alerts that were not written because they repeat others, and that others told of. */
  readonly heldBack?: number;
}

export interface Output {
  /** For messages and metrics: `stdout`, `file`. */
  readonly name: string;
  /** Never blocks and never throws. */
  write(alert: Alert): void;
  /** Goes on in the file that has its name now: the one before was moved away. */
  reopen?(): void;
  /** Resolves when what is queued has been written, or is not going to be: for a source that can wait. */
  drained?(): Promise<void>;
  /** Writes out what is queued, for at most so long; what is left then is counted as dropped. */
  close(timeoutMs: number): Promise<void>;
  readonly counters: OutputCounters;
}
