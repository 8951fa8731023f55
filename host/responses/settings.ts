// What the configuration says about responses: which alerts are acted on, how, and within which limits. Plain data, checked before it is made.

import type { Priority } from '../schema/priority.ts';

/** `deny` refuses the call and lets the process live: in the kernel only. */
export const ACTION_KINDS = [
  'kill_process',
  'kill_process_tree',
  'stop_container',
  'kill_container',
  'pause_container',
  'isolate_container',
  'delete_pod',
  'label_pod',
  'deny',
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];
/** Actions that are performed by the API server. */
export const POD_ACTIONS: ReadonlySet<ActionKind> = new Set(['delete_pod', 'label_pod']);

/** `observe`: everything but the act itself. */
export type ResponseMode = 'observe' | 'act';

/** At most `count` within that time. */
export interface Rate {
  readonly count: number;
  readonly milliseconds: number;
}

/** Targets that are never acted on. */
export interface NeverSettings {
  readonly namespaces: readonly string[];
  /** Labels of pods and containers: both the name and the value must agree. */
  readonly labels: ReadonlyMap<string, string>;
  /** Programs of the host, by path, or by the name of the file where there is no slash: in a container anybody may give a file that name. */
  readonly executables: readonly string[];
}

/** Which alerts a response is for: those that meet each member that is there. */
export interface ResponseMatch {
  /** Names of rules, as patterns with `*` and `?`: any of them. */
  readonly rules?: readonly string[];
  /** Any of them. */
  readonly tags?: readonly string[];
  /** The lowest priority. */
  readonly priority?: Priority;
}

/** One entry of `responses.actions`. */
export interface Response {
  readonly name: string;
  readonly match: ResponseMatch;
  /** In Falco's condition language: events for which it holds are not acted on. */
  readonly unless?: string;
  readonly action: ActionKind;
  readonly where: 'host' | 'kernel';
  /** Default: until somebody undoes it. */
  readonly undoAfterMs?: number;
  /** stop_container: time for its processes to end by themselves. Default: the runtime's. */
  readonly graceMs?: number;
  /** isolate_container: networks and names that it still reaches. */
  readonly allow?: readonly string[];
  /** label_pod: the labels that the pod gets. */
  readonly labels?: ReadonlyMap<string, string>;
}

export interface ResponseSettings {
  readonly mode: ResponseMode;
  readonly perContainer: Rate;
  readonly perNode: Rate;
  readonly never: NeverSettings;
  /** Whether processes of the host may be acted on. */
  readonly hosts: boolean;
  /** Whether the kernel continues to enforce when the agent has ended. */
  readonly pinned: boolean;
  /** In their order: of an alert, each is performed that is for it. */
  readonly responses: readonly Response[];
}
