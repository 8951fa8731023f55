// A source of events beside the capture: it evaluates its own rules, on a thread of its own, and its alerts go to the agent's outputs.

import type { AuditStoreSettings, KeptEventsSummary } from '../../journal/audit/audit-store.ts';
import type { Output } from '../../outputs/output.ts';
import type { EventSource } from '../../schema/event-source.ts';
import type { PodRequestSink } from '../../sessions/pod-request-facts.ts';
import type { DeskCounters, DeskOptions } from '../alerts/alert-desk.ts';
import type { RuleModule } from '../modules/rule-module.ts';

/** The modules of a source, in their order, and the guards of the responses to their alerts. */
export interface SourceRules {
  readonly modules: readonly RuleModule[];
  /** Absent: no response has an `unless`. */
  readonly guard?: RuleModule | undefined;
}

/** Who gets what a source finds, beside alerts. */
export interface SourceListeners {
  /** Events of requests to enter pods. Default: they are not looked for. */
  readonly podRequests?: PodRequestSink | undefined;
  /** Default: nothing is done about alerts. */
  readonly respond?: DeskOptions['respond'];
}

/** Rules that a source has loaded beside those in use. */
export interface PreparedRules {
  /** They replace those in use. Never fails. */
  use(): void;
  /** They are not wanted. */
  discard(): void;
}

export interface SourceSummary {
  readonly source: EventSource;
  /** received = evaluated + duplicates + the sum of dropped, but for those that are being evaluated. */
  readonly received: number;
  readonly evaluated: number;
  /** Events that were received before, byte by byte the same. */
  readonly duplicates: number;
  readonly dropped: readonly ReasonCount[];
  readonly matchesDropped: number;
  readonly modules: readonly { readonly name: string; readonly sha256: string; readonly rules: number }[];
  /** Why events are not evaluated, or not read, now. */
  readonly failures: readonly string[];
  /** Requests by the status of the answer; absent if nothing listens. */
  readonly answers?: readonly { readonly status: number; readonly count: number }[];
  /** The file that is followed. */
  readonly file?: FollowedFile;
  /** Counts of kept events; absent if none are kept. */
  readonly kept?: KeptEventsSummary;
  /** Counts of what is sent to agents of nodes; absent if nothing is. */
  readonly agents?: AgentStreamsSummary;
}

/** Requests to enter pods that are sent to the agents of their nodes. */
export interface AgentStreamsSummary {
  /** Streams that are open. */
  readonly streams: number;
  /** Requests for a stream, by the status of the answer. */
  readonly answers: readonly { readonly status: number; readonly count: number }[];
  /** Events by where they went: to a node, or nowhere because they were refused, withheld from all because their node is unknown, or a duplicate. */
  readonly events: readonly { readonly outcome: string; readonly count: number }[];
  /** Events whose node is being looked up. */
  readonly pending: number;
  /** How often events may have been lost before they were here. */
  readonly gaps: number;
  /** Messages buffered for disconnected agents. */
  readonly backlog: { readonly bytes: number; readonly nodes: number; readonly dropped: number };
}

export interface ReasonCount {
  readonly reason: string;
  readonly count: number;
}

export interface FollowedFile {
  readonly path: string;
  readonly isOpen: boolean;
  readonly bytes: number;
  /** Rotations of the followed file. */
  readonly rotations: number;
  /** How often the followed file was truncated. What was written to it since the last look is lost then, and can't be counted. */
  readonly truncations: number;
}

export interface OtherSource {
  readonly source: EventSource;
  /** Resolves when events are received. Rejects with RuleModuleError, SandboxError or the reason why nothing can be received. */
  start(rules: SourceRules, outputs: Pick<Output, 'write'>, listeners: SourceListeners): Promise<void>;
  /** Rejects with RuleModuleError or SandboxError if they can't be used. */
  prepare(rules: SourceRules): Promise<PreparedRules>;
  /** The modules in use, in their order. */
  readonly modules: readonly RuleModule[];
  /** Keeps events there from now on; undefined: nowhere. Calls must not overlap. Never rejects. */
  setJournal(settings: AuditStoreSettings | undefined): Promise<void>;
  readonly summary: SourceSummary;
  readonly alerts: DeskCounters;
  /** Evaluates what was received, within a time limit. */
  stop(): Promise<void>;
}

/** The numbers of both. */
export function sumOfDesks(one: DeskCounters, other: DeskCounters | undefined): DeskCounters {
  if (!other) return one;
  // Compiled modules of both may have rules of the same name.
  const byRule = new Map(one.byRule);
  for (const [rule, alerts] of other.byRule) byRule.set(rule, (byRule.get(rule) ?? 0) + alerts);
  return {
    ...one,
    alerts: one.alerts + other.alerts,
    byRule,
    rules: [...one.rules, ...other.rules],
  };
}
