// The result of one check of `wasprey doctor`.

/** `limited`: an agent works, but more slowly, or with less in its alerts. */
export const CHECK_STATES = ['works', 'limited', 'fails'] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export interface Check {
  /** Stable, for scripts. */
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  /** The finding, in a few words. */
  readonly finding: string;
  /** What the user can do; absent if nothing has to be done. */
  readonly advice?: string;
}

export interface CheckGroup {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** The worst state of them. */
export function stateOf(checks: readonly Check[]): CheckState {
  return CHECK_STATES.findLast((state) => checks.some((check) => check.state === state)) ?? 'works';
}
