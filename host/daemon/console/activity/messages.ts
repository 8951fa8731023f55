// What the page is sent of sessions, as JSON. Times are ms since the epoch, with fractions. Command lines have no secrets, as the CLI shows them.

/** How far back the journal can be read. */
export const SPANS = { '15m': 15, '1h': 60, '6h': 360, '1d': 1440 } as const;
export type Span = keyof typeof SPANS;

export function isSpan(text: string): text is Span {
  return Object.hasOwn(SPANS, text);
}

export interface SessionRow {
  readonly id: string;
  /** `ssh`, `exec`, ...: how it was entered. */
  readonly kind: string;
  readonly user: string;
  /** `in pod shop/web-0, container web` */
  readonly place: string;
  /** Texts that `wasprey activity` prints: who it was and where; how it was entered, and from where. */
  readonly title: string;
  readonly facts: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly began: number;
  readonly last: number;
  readonly isOver: boolean;
  readonly commands: number;
  /** The first command lines. */
  readonly begins: readonly string[];
}

export interface ShownActivity {
  readonly kind: 'activity';
  /** The one in which something was done last is first. */
  readonly sessions: readonly SessionRow[];
  readonly leftOut: number;
  /** Requests to enter pods without a session, each as a line. */
  readonly requests: readonly string[];
  /** What the record lacks, each as a sentence. */
  readonly notes: readonly string[];
}

export interface ShownCommand {
  readonly depth: number;
  readonly pid: number;
  readonly command: string;
  /** Where it is another than that of the command above. */
  readonly user?: string;
  readonly directory?: string;
  readonly began: number;
  readonly ranBefore: boolean;
  readonly ended?: number;
  /** `exit 1` */
  readonly status?: string;
  readonly hasFailed: boolean;
  readonly files: readonly string[];
  readonly connections: readonly string[];
  /** Sessions that were entered from it. */
  readonly opened: readonly { readonly id: string; readonly kind: string }[];
}

/** A command of the session that an alert is of. */
export interface TreeRow {
  readonly depth: number;
  readonly pid: number;
  readonly command: string;
  /** Where it is another than that of the command above. */
  readonly user?: string;
  readonly began: number;
  /** How it failed: `exit 1`. */
  readonly status?: string;
  /** It is the one that fired, or between the entry and that. */
  readonly place?: 'fired' | 'branch';
}

export interface ShownTree {
  readonly kind: 'tree';
  readonly session: { readonly id: string; readonly kind: string };
  /** Each before what it started. */
  readonly rows: readonly TreeRow[];
  /** Commands that are not shown. */
  readonly leftOut: number;
}

export interface ShownSession {
  readonly kind: 'session';
  readonly row: SessionRow;
  /** Each before what it started. */
  readonly commands: readonly ShownCommand[];
  /** Commands that are not shown. */
  readonly leftOut: number;
}
