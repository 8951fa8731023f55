// An action: what it is done to, and what came of it.

import type { Response } from './settings.ts';

/** Of the pod's sandbox, as the API server knows it. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** The process and the container of a match, as they were then. */
export interface Target {
  /** In the root pid namespace. */
  readonly pid: number;
  /** Time of its last exec, in ns since the epoch: with the pid it names a program that ran for good (`exec_time` of its image). 0: unknown. */
  readonly execTime: bigint;
  /** `proc.exepath`. */
  readonly executable: string;
  /** Full id; empty on the host. */
  readonly container: string;
  readonly containerName: string;
  /** Those of the container's labels that `never` names. */
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
