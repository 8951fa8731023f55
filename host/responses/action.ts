// An action: its target and its outcome.

import type { LedgerEntry } from './ledger-entry.ts';
import type { Response } from './settings.ts';

/** The pod of a target, as the API server knows it. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** The process and the container of a match, as they were then; or the pod of a request to the API server. */
export interface Target {
  /** It is the pod of a request: there is no process, and no container. */
  readonly isRequested?: true;
  /** The pid in the agent's /proc, if the process is there. */
  readonly pid: number;
  /** Time of its last exec, in ns since the epoch: with the pid it names a program that ran for good (`exec_time` of its image). 0: unknown. */
  readonly execTime: bigint;
  /** `proc.exepath`. */
  readonly executable: string;
  /** Full id; empty on the host, and of a request. */
  readonly container: string;
  readonly containerName: string;
  /** Labels of the container that `never` names. */
  readonly labels: ReadonlyMap<string, string>;
  /** Undefined when not a pod, or when the API server has not answered. */
  readonly pod: TargetPod | undefined;
  /** The container's or pod's metadata did not arrive: what `never` and `unless` say about them can't be decided. */
  readonly isIncomplete: boolean;
}

/** Why nothing was done. Stable: alerts, metrics and the journal have it. */
export const REFUSALS = [
  /** `unless` holds. */
  'excepted',
  /** The target is protected. */
  'protected',
  /** Not in a container, and `hosts` is off. */
  'host',
  'limit',
  /** The action is under way, or has been done to the target. */
  'already',
  /** The process has ended, or is another program now. */
  'gone',
  /** What the rails need to know is not known. */
  'incomplete',
  /** The action is for pods or containers, and the match was on the host, or the request on something else. */
  'no-target',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Outcome =
  /** @param what one line: `killed process 4711 (/tmp/x)`; milliseconds: 0 for what the kernel did; undo: what takes it back, if anything does */
  | { readonly kind: 'done'; readonly what: string; readonly milliseconds: number; readonly undo?: string }
  /** `mode: observe`: what would have been done. */
  | { readonly kind: 'observed'; readonly what: string }
  | { readonly kind: 'refused'; readonly why: Refusal; readonly detail: string }
  | { readonly kind: 'failed'; readonly what: string; readonly reason: string; readonly milliseconds: number };

/** Why an actor does nothing, found before it has done anything. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly why: Refusal;

  /** @param message the outcome's `detail` */
  constructor(why: Refusal, message: string) {
    super(message);
    this.why = why;
  }
}

/** An action whose target was found, which nothing speaks against. */
export interface Deed {
  /** What it does in one line: `kill process 4711 (/tmp/x)`. */
  readonly what: string;
  /** What it has done, in one line: `killed process 4711 (/tmp/x)`. */
  readonly done: string;
  /** What a restarted agent must know to finish the action, or to take it back. Undefined: the action is one step, and leaves nothing. */
  readonly kept: Readonly<Record<string, unknown>> | undefined;
  /** Whether it stays in force until it is undone. */
  readonly staysInForce: boolean;
  /** Does it. Its entry is on disk by then. Rejects with the reason why it failed; what was done of it is taken back by then where that is possible. */
  perform(): Promise<void>;
  /** Called in any case, after everything else. */
  close?(): void;
}

/** What is known when an action is prepared. */
export interface Circumstances {
  /** What is under way and in force. */
  readonly entries: readonly LedgerEntry[];
  /** Aborted when it takes too long: what comes of it then is closed, and not performed. */
  readonly signal: AbortSignal;
}

/** Performs one kind of action. Nothing of it may block the thread. */
export interface Actor {
  /** Finds the target and checks all that can be. Rejects with RefusalError, or with why that failed. */
  prepare(response: Response, target: Target, circumstances: Circumstances): Promise<Deed>;
  /**
   * After a restart: finishes an action that was under way. Resolves to whether it is in force. May be called again. Rejects with RefusalError if
   * it is not to be gone on with.
   */
  finish?(entry: LedgerEntry): Promise<boolean>;
  /** Takes back what is in force, or was half done. May be called again, also when nothing is left to be done. @param others in force */
  undo?(entry: LedgerEntry, others: readonly LedgerEntry[]): Promise<void>;
  /** Releases what an action without `undo` held up, if it was interrupted and is not to be finished. @param others in force */
  abandon?(entry: LedgerEntry, others: readonly LedgerEntry[]): Promise<void>;
  /** Whether an active response has ended by itself, with its container for example. */
  isOver?(entry: LedgerEntry): Promise<boolean>;
  /** After a restart: takes back what the agent has left without an entry, for example because the entry was lost. */
  undoOthers?(entries: readonly LedgerEntry[]): Promise<void>;
  /** What it does outlives a restart of the machine. */
  readonly outlivesBoot?: true;
  /** Somebody else does it, and may take long: what is to be done to the target meanwhile does not wait for that. */
  readonly runsBeside?: true;
}
