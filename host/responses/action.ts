// An action: what it is done to, and what came of it.

import type { Response } from './settings.ts';

/** The pod of a container, as the runtime and the API server know it. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Those that `never` names. */
  readonly labels: ReadonlyMap<string, string>;
}

/** The process and the container of a match, as they were then. */
export interface Target {
  /** In the root pid namespace. */
  readonly pid: number;
  /** Start of the process, in ns since the epoch, as its image has it: with the pid it names a process for good. */
  readonly startTime: bigint;
  /** Time of its last exec, likewise; another one means another program. 0: not known. */
  readonly execTime: bigint;
  /** `proc.exepath`. */
  readonly executable: string;
  /** Full id; empty on the host. */
  readonly container: string;
  readonly containerName: string;
  /** Those of the container's labels that `never` names. */
  readonly labels: ReadonlyMap<string, string>;
  /** Undefined when it is not of a pod. */
  readonly pod: TargetPod | undefined;
  /** The container's metadata did not arrive: what `never` says about it can't be decided. */
  readonly isIncomplete: boolean;
}

/** Why nothing was done. Stable: alerts, metrics and the journal have it. */
export const REFUSALS = [
  /** `unless` holds. */
  'excepted',
  /** A rail: what is never acted on. */
  'protected',
  /** Not in a container, and `hosts` is off. */
  'host',
  'limit',
  /** The same action is under way, or has been done to it. */
  'already',
  /** The process has ended, or is another program now. */
  'gone',
  /** What the rails need to know is not known. */
  'incomplete',
  /** The action is for pods or containers, and this is none. */
  'no-target',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export type Outcome =
  /** @param what one line: `killed process 4711 (/tmp/x)`; undo: what takes it back, if anything does */
  | { readonly kind: 'done'; readonly what: string; readonly milliseconds: number; readonly undo?: string }
  /** `mode: observe`: what would have been done. */
  | { readonly kind: 'observed'; readonly what: string }
  | { readonly kind: 'refused'; readonly why: Refusal; readonly detail: string }
  | { readonly kind: 'failed'; readonly what: string; readonly reason: string; readonly milliseconds: number };

/** Performs one kind of action. Rejects never: a failure is an outcome. */
export interface Actor {
  act(response: Response, target: Target): Promise<Outcome>;
}
