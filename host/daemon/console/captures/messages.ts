// What the page is sent of captures, as JSON. Times are ms since the epoch, with fractions. Command lines have no secrets, as the CLI shows them.

export interface CaptureRow {
  /** Name of its file. */
  readonly name: string;
  readonly bytes: number;
  /** Time of its first alert; the next four are of that alert, too. */
  readonly time: number;
  readonly rule: string;
  readonly priority: string;
  /** `host`, or an id. */
  readonly container: string;
  readonly pid: number;
  readonly alerts: number;
}

export interface ShownCaptures {
  readonly kind: 'captures';
  readonly folder: string;
  /** Whether rules of this agent make captures. */
  readonly isOn: boolean;
  /** The latest first. */
  readonly captures: readonly CaptureRow[];
  /** Older ones that are not listed. */
  readonly older: number;
  readonly damaged: readonly { readonly name: string; readonly reason: string }[];
}

export interface ShownProgram {
  readonly time: number;
  readonly command: string;
  readonly executable: string;
  readonly user: string;
}

export interface CapturedProcess {
  readonly pid: number;
  /** Place of the parent in the list of processes. */
  readonly parent?: number;
  /** Absent: it ran before the capture begins. */
  readonly began?: number;
  readonly ended?: { readonly time: number; readonly text: string };
  readonly hasFired: boolean;
  /** It fired, or one that fired descends from it. */
  readonly isOnBranch: boolean;
  /** What it ran, one after the other. */
  readonly programs: readonly ShownProgram[];
}

export interface CapturedDeed {
  readonly time: number;
  /** Place in the list of processes. */
  readonly process?: number;
  readonly text: string;
  /** How often, with little in between. */
  readonly times: number;
}

export interface StateFact {
  readonly key: string;
  readonly text: string;
}

export interface StateProcess {
  readonly pid: number;
  readonly name: string;
  readonly command: string;
  readonly facts: readonly StateFact[];
  /** Open files and sockets. */
  readonly open: readonly string[];
}

export interface ShownCapture {
  readonly kind: 'capture';
  readonly name: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly scope?: string;
  /** The first and the last moment of it. */
  readonly from: number;
  readonly to: number;
  readonly events: number;
  /** The first began the capture. */
  readonly alerts: readonly {
    readonly time: number;
    readonly rule: string;
    readonly priority: string;
    readonly message: string;
  }[];
  readonly processes: readonly CapturedProcess[];
  /** In order of time. */
  readonly deeds: readonly CapturedDeed[];
  /** At the first alert. */
  readonly state: readonly StateProcess[];
  /** Parts of the report of `wasprey captures show`, as lines. */
  readonly parts: readonly { readonly title: string; readonly lines: readonly string[] }[];
  /** What this answer leaves out, each as a sentence. */
  readonly cuts: readonly string[];
}

export interface TriedMatch {
  readonly time: number;
  readonly rule: string;
  readonly pid: number;
  readonly name: string;
  readonly text: string;
}

/** What a rule that was typed matches in a capture. */
export type TriedOnCapture =
  | {
      readonly kind: 'matches';
      /** Number of matches of all rules that were typed. */
      readonly total: number;
      /** The first ones. */
      readonly matches: readonly TriedMatch[];
      /** What may be missing, each as a sentence. */
      readonly remarks: readonly string[];
    }
  /** Each with its place and the line with a caret. */
  | { readonly kind: 'invalid'; readonly diagnostics: readonly string[] };
