// What the page is sent of exceptions that would hold an alert back.

export interface ShownException {
  /** A rule file for after the rule's own. */
  readonly yaml: string;
  readonly fields: readonly string[];
  /** Whether it holds back the alert that was asked about; `unknown`: not all of its fields were read of it. */
  readonly holdsThis: 'yes' | 'no' | 'unknown';
  /** Alerts of the rule in the journal that it holds back, and those that still fire. */
  readonly heldBack: number;
  readonly left: number;
  /** What still fires, by program and place, the most first. */
  readonly leftOrigins: readonly { readonly name: string; readonly alerts: number }[];
}

export interface ShownHoldBack {
  readonly kind: 'hold-back';
  /** Alerts of the rule, and all events, in what was read of the journal. */
  readonly alerts: number;
  readonly events: number;
  /** ms since the epoch: what was read begins there. */
  readonly from: number;
  /** Exceptions; those that hold the alert back come first. */
  readonly exceptions: readonly ShownException[];
  /** What is missing. */
  readonly remarks: readonly string[];
}
