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

/** Alerts of one capture: an agent adds no more, and a hostile file could. */
export const MOST_ALERTS = 1024;

const ALERT = object({
  rule: text,
  priority: text,
  /** ns since the epoch, of the event. */
  time: bigNumber,
  /** The rule's output, with its fields filled in. */
  message: text,
  tags: list(text),
  /** Fields of the alert. */
  fields: texts,
  pid: number,
  /** `host`, or the full id; empty if it was unknown. */
  container: text,
});

export type CapturedAlert = ValueOf<typeof ALERT>;

/** The block of an alert. */
export const CAPTURED = object({
  alert: ALERT,
  /** How the capture was made; only its first alert has it. */
  terms: optional(object({ scope: oneOf(CAPTURE_SCOPES), beforeMs: number, afterMs: number })),
});

export type Captured = ValueOf<typeof CAPTURED>;

export interface CaptureNotes {
  readonly terms: Captured['terms'];
  /** In order of time; the first one began the capture. None in a file that is cut off before it, and in one that is not a capture. */
  readonly alerts: readonly CapturedAlert[];
  readonly state: State | undefined;
  /** What bounds have cut, each as a sentence. */
  readonly cuts: readonly string[];
  /** Alerts and states that are there and can't be read, each as a sentence. */
  readonly unread: readonly string[];
  /** Where the file is damaged so that alerts may be missing. */
  readonly gaps: NoteGaps;
}

/** Offsets in the file. */
export interface NoteGaps {
  /** Offset of the first place where no block begins although one should. */
  readonly damagedAt: number | undefined;
  /** The end of a file without a last block: it is being written, or was cut off. */
  readonly endsAt: number | undefined;
  /** There is no state, and may have been one. */
  readonly mayLackState: boolean;
}

/** The note about a damaged state. */
export const UNREAD_STATE = "Damaged, and can't be read: the state.";

/** Why there is no alert, to go on behind the name of the file and a colon. Undefined if there is one. */
export function whyNoAlert({ alerts, unread, gaps }: Omit<CaptureNotes, 'state'>): string | undefined {
  if (alerts.length > 0) return undefined;
  const { damagedAt, endsAt } = gaps;
  if (unread.length > 0) return 'its alert is damaged';
  if (damagedAt !== undefined) return `it is damaged at byte ${damagedAt}, and no alert can be read`;
  if (endsAt !== undefined) return `it ends at byte ${endsAt}, before an alert: it is being written, or was cut off`;
  return NO_CAPTURE;
}

/** What whyNoAlert() says of a whole file. */
export const NO_CAPTURE = 'it is a recording without an alert';

/** JSON of a block; numbers of 64 bits are texts. */
export function noteBytes(note: Captured | State): Uint8Array {
  return Buffer.from(JSON.stringify(note, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
}
