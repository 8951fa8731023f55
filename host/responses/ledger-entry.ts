// An entry of the ledger: an action that is under way, or stays in force.

import type { JsonObject } from '../diagnostics/json-value.ts';
import type { ActionKind } from './settings.ts';

/**
 * `doing`: begun; it may be half done. `in-force`: done, and to be undone one day. `undoing`: being taken back; that may be half done.
 */
export const PHASES = ['doing', 'in-force', 'undoing'] as const;
export type Phase = (typeof PHASES)[number];

export interface LedgerEntry {
  /** For people and commands. */
  readonly id: string;
  readonly action: ActionKind;
  readonly phase: Phase;
  /** Name of the response. */
  readonly response: string;
  /** Full id; empty on the host. */
  readonly container: string;
  readonly containerName: string;
  /** `namespace/name`; empty for a container without a pod. */
  readonly pod: string;
  /** When it began, in ms since the epoch. */
  readonly time: number;
  /** When it is undone, in ms since the epoch; undefined: by people. */
  readonly undoAt?: number;
  /** When it is undone, in ms since the machine was started: its clock may be set meanwhile. */
  readonly undoAtUptime?: number;
  /** Boot of the machine: nothing outlives it. */
  readonly boot: string;
  /** Its turnKey(). Absent in entries of earlier versions. */
  readonly turn?: string;
  /** The railsKey() that it was decided by. Absent in entries of earlier versions. */
  readonly rails?: string;
  /** What the actor needs to finish or undo it. */
  readonly kept: JsonObject;
}

/** An action that counts for the limits. */
export interface Act {
  /** ms since the machine was started. */
  readonly time: number;
  /** Its limitedPlace(). */
  readonly container: string;
}
