// What carries out responses: it keeps to the rails and the limits, and then acts, or in `observe` says what it would have done.

import type { Outcome, Target } from './action.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Response, ResponseSettings } from './settings.ts';

/** What is in force, and what became of what was. */
export interface InForce {
  readonly entries: readonly LedgerEntry[];
  /** Since the start. */
  readonly undone: number;
  /** Attempts that failed. */
  readonly undoFailures: number;
  /** How often what is in force could not be written to disk. */
  readonly unwritten: number;
}

export interface Responder {
  /** Applies these settings from now on. */
  use(settings: ResponseSettings): void;
  /** Performs a response, or says why not. Rejects never: a failure is an outcome. */
  perform(response: Response, target: Target): Promise<Outcome>;
  /** Undefined while there is nothing to know of. */
  readonly inForce?: InForce | undefined;
  /** Resolves when nothing is under way any more, or that takes too long. */
  close(): Promise<void>;
}
