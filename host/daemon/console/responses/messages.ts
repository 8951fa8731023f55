// What responses have in force on the container of an alert, as the page is sent it.

/** An action that is under way, or stays in force. */
export interface ShownEntry {
  readonly id: string;
  /** For people: `pause container`. */
  readonly action: string;
  readonly phase: 'doing' | 'in-force' | 'undoing';
  /** Its pod and container; empty for the host. */
  readonly on: string;
  /** The name of the response. */
  readonly response: string;
  /** ms since the epoch. */
  readonly since: number;
  /** When it is undone; absent: by people. */
  readonly undoneAt?: number;
}

export interface ShownInForce {
  readonly entries: readonly ShownEntry[];
  /** `console.actions`: the page may undo them. */
  readonly mayUndo: boolean;
}

/** What came of undoing one. */
export interface ShownUndo {
  /** Why it is still in force; absent: it is undone. */
  readonly error?: string;
}
