// The interface of what carries out responses within the rails and limits, or in `observe` reports what it would have done. performing/performer.ts
// implements it.

import type { Outcome, Target } from './action.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Response, ResponseSettings } from './settings.ts';

/** Active responses, and how earlier ones ended. */
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
  /** Performs a response, or reports why not. Never rejects: a failure is an outcome. */
  perform(response: Response, target: Target): Promise<Outcome>;
  /** Undefined while there is nothing to report. */
  readonly inForce?: InForce | undefined;
  /** Resolves when nothing is under way any more, or that takes too long. */
  close(): Promise<void>;
}
