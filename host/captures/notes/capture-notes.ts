// What a capture has beside its events: the alerts that it was made for, and the state of the processes at the first of them.
// Each is a block of JSON in the recording (host/captures/README.md).

import {
  bigNumber,
  list,
  number,
  object,
  oneOf,
  optional,
  text,
  texts,
  type ValueOf,
} from '../../diagnostics/json-shape.ts';
import type { State } from '../state/state.ts';

/**
 * Whose events a capture has, beyond those that rules want: of the container, of the processes below the one that fired, of the machine.
 */
export const CAPTURE_SCOPES = ['container', 'process_tree', 'all'] as const;
export type CaptureScope = (typeof CAPTURE_SCOPES)[number];

const ALERT = object({
  rule: text,
  priority: text,
  /** ns since the epoch, of the event. */
  time: bigNumber,
  /** The rule's output, with its fields filled in. */
  message: text,
  tags: list(text),
  /** Of the alert. */
  fields: texts,
  pid: number,
  /** `host`, or the full id; empty if it was unknown. */
  container: text,
});

export type CapturedAlert = ValueOf<typeof ALERT>;

/** The block of an alert. */
export const CAPTURED = object({
  alert: ALERT,
  /** How the capture was made; of its first alert. */
  terms: optional(object({ scope: oneOf(CAPTURE_SCOPES), beforeMs: number, afterMs: number })),
});

export type Captured = ValueOf<typeof CAPTURED>;

export interface CaptureNotes {
  readonly terms: Captured['terms'];
  /** In order of time; the first one began the capture. */
  readonly alerts: readonly CapturedAlert[];
  readonly state: State | undefined;
  /** What bounds have cut, each as a sentence. */
  readonly cuts: readonly string[];
}

/** JSON of a block; numbers of 64 bits are texts. */
export function noteBytes(note: Captured | State): Uint8Array {
  return Buffer.from(JSON.stringify(note, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}
