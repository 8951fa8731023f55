// A match of a rule, as the worker sends it: plain data, read while the event's record existed.

import type { ContainerMoment } from '../../fields/container.ts';
import type { FieldValue } from '../../fields/value.ts';
import type { EventShape } from '../../schema/event-structs.ts';
import type { SessionRef } from '../../sessions/exec-entry.ts';

/** Fields that an alert has in addition if the event's names resolve to others: the passed name and the resolved one. */
export const NAME_FIELDS: Partial<Record<EventShape, readonly string[]>> = {
  open: ['fd.openpath', 'fd.realpath'],
  path: ['fs.path.nameraw', 'fs.path.name'],
  paths: ['fs.path.sourceraw', 'fs.path.source', 'fs.path.targetraw', 'fs.path.target'],
};

/** A field's value, if present. */
export interface NamedValue {
  readonly key: string;
  readonly value: FieldValue | undefined;
}

/** The values of an alert, read while the event's record existed. */
export interface Match {
  /** Generation of the rule set that was in use. */
  readonly generation: number;
  readonly module: number;
  readonly rule: number;
  /** ns since the epoch. */
  readonly time: bigint;
  /** In the order of RuleReads.fields. */
  readonly values: readonly (FieldValue | undefined)[];
  /** Names of NAME_FIELDS, where there are two. */
  readonly names?: readonly NamedValue[];
  /** In the order of RuleReads.details. Undefined of a match that came too soon after others. */
  readonly details?: readonly (FieldValue | undefined)[] | undefined;
  /** Set when the rule needs container data that are missing. */
  readonly gap?: ContainerGap;
  /** Number of its alternative, whose condition on the session the host decides. Absent: it is a match. */
  readonly alternative?: number;
  /** With `rule_matching: first`, matches of later rules on the same event: the first that holds counts if this one does not. */
  readonly otherwise?: readonly Match[];
  /** The exec sessions that its process descends from, the innermost first. Absent: none, or the rule reads no session fields. */
  readonly sessions?: readonly SessionRef[];
  /** What responses need to act on the match, for rules that have some. */
  readonly acts?: MatchToActOn;
}

/** What is needed to act on a match. */
export interface MatchToActOn {
  /** Undefined if the event's process is unknown. */
  readonly process?: MatchedProcess;
  /** Guards that hold. */
  readonly holding: readonly number[];
  /** Guards that could not be evaluated on all that they read. */
  readonly undecided: readonly number[];
  /** What enforcement in the kernel did: ENFORCED; 0: nothing. */
  readonly enforced: number;
}

/** What names a process for good, and the program that it runs. */
export interface MatchedProcess {
  /** The pid in the agent's /proc; in the root pid namespace if it is in none that the agent is in. */
  readonly pid: number;
  /** Time of its last exec, in ns since the epoch; 0 if unknown. */
  readonly execTime: bigint;
}

/** Why held events were evaluated. Only the first means that the answer came. */
export const HOLD_ENDS = ['known', 'timed-out', 'too-many-events', 'no-memory', 'rules-replaced', 'stopped'] as const;
export type HoldEnd = (typeof HOLD_ENDS)[number];

/** Why an event's container is unknown. Stable: alerts and counters have it. */
export type GapReason =
  | Exclude<HoldEnd, 'known'>
  /** The lookup has failed. */
  | 'failed'
  /** The event's process is unknown, and so is its container. */
  | 'unknown-process';

export interface ContainerGap {
  /** container.id; empty if the process is unknown. */
  readonly id: string;
  /** The rule needs the API server's data on its pod. */
  readonly needsPod: boolean;
  readonly moment: ContainerMoment;
  /** Why it is not awaited; undefined while the answer may still come. */
  readonly reason?: GapReason;
}
