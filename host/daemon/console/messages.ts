// What the page is sent, as JSON. All texts are of traced processes, of rules or of their files: the page shows them as text.

/** Alerts are counted in steps of so long, for sparklines and the time line. */
export const STEP_MS = 5_000;
/** Steps that are kept: the latest last. */
export const STEPS = 60;

/** The answer to a token. */
export interface OpenedSession {
  /** Where the session's requests go. */
  readonly path: string;
}

/** Where a group's alerts are from. A member is missing where the alerts do not have it. */
export interface Workload {
  readonly namespace?: string;
  readonly pod?: string;
  /** `host`: processes of the machine, in no container. */
  readonly container?: string;
}

/** What does not change of a group. */
export interface GroupText extends Workload {
  readonly id: number;
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
}

export interface GroupNumbers {
  readonly id: number;
  readonly count: number;
  /** ms since the epoch, of its first and its latest alert. */
  readonly first: number;
  readonly last: number;
  /** Alerts by step, up to the message's `step`. */
  readonly steps: readonly number[];
  /** The beginning of the latest alert's message, and its number. */
  readonly latest: string;
  readonly latestAlert: number;
}

/** What has changed since a tick. All numbers are totals: a message that was missed is made up for by the next one. */
export interface BoardMessage {
  /** Id of the agent's run; another run begins with other groups. */
  readonly instance: string;
  readonly tick: number;
  /** ms since the epoch, by the agent's clock. */
  readonly now: number;
  /** Number of the current step since the epoch. */
  readonly step: number;
  /** All alerts of this run. */
  readonly alerts: number;
  /** The groups are all there are, not only those that have changed. */
  readonly isWhole: boolean;
  readonly added: readonly GroupText[];
  readonly changed: readonly GroupNumbers[];
  /** Ids of groups that made room for others. */
  readonly gone: readonly number[];
}

export interface AlertLine {
  readonly id: number;
  readonly time: number;
  readonly message: string;
  readonly hasDetails: boolean;
}

export interface GroupAlerts {
  readonly group: GroupText;
  /** The kept alerts, the latest first. */
  readonly alerts: readonly AlertLine[];
}

export interface ShownField {
  readonly key: string;
  /** Absent: the event had no such value. */
  readonly text?: string;
}

export interface ShownProcess {
  readonly pid?: string;
  readonly name: string;
  readonly executable?: string;
  readonly command?: string;
  /** Remarks for people, such as "deleted". */
  readonly remarks: readonly string[];
}

export interface ShownAlert extends Workload {
  readonly instance: string;
  readonly id: number;
  readonly group: number;
  readonly time: number;
  /** With nanoseconds, in UTC. */
  readonly timeText: string;
  readonly rule: string;
  readonly priority: string;
  readonly source: string;
  readonly tags: readonly string[];
  readonly hostname: string;
  readonly message: string;
  readonly fields: readonly ShownField[];
  /** The file of its capture, and what the agent did about it. */
  readonly capture?: string;
  readonly response?: string;
  /** Absent: there were too many alerts at the time. */
  readonly process?: {
    /** From the oldest that was read to the process that the alert is about. */
    readonly line: readonly ShownProcess[];
    readonly user?: string;
    readonly login?: string;
    readonly directory?: string;
    readonly details: readonly ShownField[];
  };
}

/** `unknown`: what the check compares was not read. */
export type Verdict = 'true' | 'false' | 'unknown';

interface Lit {
  readonly verdict: Verdict;
  /** False: what stands before it has decided already. */
  readonly isLookedAt: boolean;
}

export interface LitGroup extends Lit {
  readonly kind: 'and' | 'or' | 'not';
  readonly parts: readonly LitPart[];
}

export interface LitCheck extends Lit {
  readonly kind: 'check';
  /** The check as it was written, with lists in place. */
  readonly text: string;
  /** What the left side was; absent: the event had no value, or it was not read. */
  readonly value?: string;
  /** The macro that it was written in. */
  readonly macro?: string;
}

export type LitPart = LitGroup | LitCheck;

/** Why what was asked for can't be shown. */
export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: string;
}

/** The rule of an alert. */
export type ShownRule =
  | {
      readonly kind: 'lit';
      readonly condition: LitPart;
      readonly description: string;
      readonly written: string;
      readonly place: string;
    }
  | NoAnswer;

/** A rule as it is written, what `wasprey explain` says of it, and what it is compiled to; as lines. */
export interface ShownExplanation {
  readonly kind: 'explained';
  readonly description: string;
  readonly place: string;
  readonly text: readonly string[];
  readonly parts: readonly { readonly title: string; readonly lines: readonly string[] }[];
  readonly assemblyScript: readonly string[];
}

/** What `wasprey doctor` finds. */
export interface ShownExamination {
  readonly kind: 'examined';
  readonly kernelRelease: string;
  readonly architecture: string;
  readonly state: 'works' | 'limited' | 'fails';
  readonly groups: readonly {
    readonly title: string;
    readonly checks: readonly {
      readonly id: string;
      readonly title: string;
      readonly state: 'works' | 'limited' | 'fails';
      readonly finding: string;
      /** What to do. */
      readonly advice?: string;
    }[];
  }[];
}

export interface JournalLine {
  /** ms since the epoch. */
  readonly time: number;
  readonly pid: number;
  readonly name: string;
  readonly text: string;
  /** Whether it is of the process that the alert is about. */
  readonly isOwn: boolean;
}

export type ShownJournal =
  | {
      readonly kind: 'lines';
      readonly lines: readonly JournalLine[];
      readonly isCut: boolean;
      readonly seconds: number;
    }
  | NoAnswer;

/** What the page reads of the agent's state: see AgentStatus of control/status.ts. */
export interface ShownStatus {
  /** What is wrong, as `wasprey status` has it. */
  readonly troubles: readonly string[];
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly events: {
    readonly produced: number;
    readonly evaluated: number;
    readonly filtered: number;
    readonly dropped: number;
  };
  /** Only of types that had an event. */
  readonly eventTypes: readonly {
    readonly type: string;
    readonly evaluated: number;
    readonly filtered: number;
    readonly dropped: number;
  }[];
  readonly images: { readonly lost: number; readonly eventsWithout: number };
  readonly ringHighWater: number;
  readonly lagMs: number;
  readonly eventsHeld: number;
  readonly eventsWaiting?: number;
  readonly setAside: readonly {
    readonly module: string;
    readonly reason: string;
    /** Times as in ModuleAbsence. */
    readonly from: number;
    readonly again?: number;
    readonly to?: number;
  }[];
  readonly generation: number;
  readonly modules: readonly {
    readonly name: string;
    readonly sha256: string;
    /** Ids of keys, as in ModuleStatus. */
    readonly signedBy?: readonly string[];
    readonly rules: number;
    readonly evaluationMs: number;
    readonly inUseSince: number;
  }[];
  readonly reloads: {
    readonly succeeded: number;
    readonly failed: number;
    readonly isRefused: boolean;
    readonly lastFailure?: { readonly time: number; readonly reason: string };
  };
  readonly rules: readonly {
    readonly name: string;
    readonly module: string;
    readonly priority: string;
    readonly alerts: number;
    readonly estimatedMs: number;
  }[];
  readonly alerts: number;
  readonly containers: {
    readonly known: number;
    readonly unknown: number;
    readonly podsKnown: number;
    readonly podsUnknown: number;
    /** Failures as in FailureCount. */
    readonly failures: readonly {
      readonly source: string;
      readonly kind: string;
      readonly count: number;
      readonly reason: string;
      readonly lastMs: number;
      readonly isLasting: boolean;
    }[];
  };
  readonly outputs: readonly {
    readonly name: string;
    readonly counters: {
      readonly written: number;
      readonly dropped: number;
      readonly errors: number;
      readonly queued?: number;
      readonly spoolBytes?: number;
    };
  }[];
  readonly journal?: {
    readonly events: number;
    readonly bytes: number;
    readonly leftOut: number;
    readonly failure: string | undefined;
  };
}
