// The messages between the host's thread and the worker that evaluates: plain data.

import type { FilterTables } from '../capture/filter-tables.ts';
import type { CaptureIntegrity } from '../capture/integrity.ts';
import type { MissingHook } from '../capture/missing-hooks.ts';
import type { NamedAddress } from '../capture/name-table.ts';
import type { CaptureCounters, CaptureSizes, ContainerNotice } from '../capture/native.ts';
import type { ContainerMoment } from '../fields/container.ts';
import type { FieldValue } from '../fields/value.ts';
import type { RecordedBlock } from '../recording/recorder.ts';
import type { ReplayReport } from '../recording/replay.ts';
import type { VerifiedModule } from '../sandbox/instantiate.ts';
import type { RunFailureKind } from '../sandbox/run.ts';
import type { EventShape } from '../schema/event-structs.ts';
import type { LagCounters } from './evaluation-clock.ts';

export type RuleMatching = 'first' | 'all';

/** What an alert carries besides the rule's fields if the names of the event resolve to others: what was passed, and what that is. */
export const NAME_FIELDS: Partial<Record<EventShape, readonly string[]>> = {
  open: ['fd.openpath', 'fd.realpath'],
  path: ['fs.path.nameraw', 'fs.path.name'],
  paths: ['fs.path.sourceraw', 'fs.path.source', 'fs.path.targetraw', 'fs.path.target'],
};

/** A field's value, if it has one. */
export interface NamedValue {
  readonly key: string;
  readonly value: FieldValue | undefined;
}

/** What the worker must know of a rule to report a match of it. */
export interface RuleReads {
  /** Fields that its output prints, as they are written: `proc.aname[2]`. */
  readonly fields: readonly string[];
  /** Its condition reads what only a container's runtime knows: events of a new container are held back for it. */
  readonly readsContainers: boolean;
  /** The same of the API server. */
  readonly readsPods: boolean;
  /** Names of the event types that it can match. */
  readonly eventTypes: readonly string[];
}

/** How long, and how many, events of new containers are held back at most; for the memory see CaptureSizes.holdBudget. */
export interface HoldLimits {
  /** From the container's first sign of life on. */
  readonly milliseconds: number;
  /** Of all containers. */
  readonly events: number;
}

export const HOLD_LIMITS: HoldLimits = { milliseconds: 2000, events: 65_536 };

export interface ModuleStart {
  /** For messages, e.g. the file it came from. */
  readonly name: string;
  readonly verified: VerifiedModule;
  /** By the index that the module gives to match(). */
  readonly rules: readonly RuleReads[];
}

/** Rules to go on with: the modules in the order of evaluation, and what is captured for them. */
export interface RuleSetStart {
  /** Grows by one with each set; the first one's is 0. */
  readonly generation: number;
  readonly modules: readonly ModuleStart[];
  readonly eventTypes: readonly string[];
  /** Source `bpf` only: what the kernel drops. Default: nothing. */
  readonly filter?: FilterTables;
}

export interface WorkerStart {
  readonly source: 'bpf' | 'builder';
  /** Path of the BPF object; default: where the build puts it. */
  readonly object?: string;
  /** Default: the capture's. */
  readonly sizes?: CaptureSizes;
  readonly rules: RuleSetStart;
  readonly ruleMatching: RuleMatching;
  readonly hold: HoldLimits;
  readonly hostname: string;
  /** evt.outputtime is ISO 8601. */
  readonly isoTime: boolean;
  /** Buffers are shown in base64. */
  readonly base64Buffers?: boolean;
  /** No alert is of the agent's own process and those that it has started. */
  readonly ignoresSelf?: boolean;
  /** Source `bpf` only: it is told every second whether the capture is as it was made. */
  readonly guarded?: boolean;
  /** What is captured is handed to the host in blocks as well. */
  readonly recording?: true;
  /** Source `builder` only, with one CPU: the recording to evaluate. The worker ends with it. */
  readonly replay?: string;
}

/** The values that an alert is made from, read while the event's record was there. */
export interface Match {
  /** Of the rule set that was in use. */
  readonly generation: number;
  readonly module: number;
  readonly rule: number;
  /** ns since the epoch. */
  readonly time: bigint;
  /** In the order of RuleReads.fields. */
  readonly values: readonly (FieldValue | undefined)[];
  /** Of NAME_FIELDS, where there are two names. */
  readonly names?: readonly NamedValue[];
  /** Set when the rule reads or prints what the container's runtime has not told. */
  readonly gap?: ContainerGap;
}

/** Why held events were evaluated. All but the first is in vain. */
export const HOLD_ENDS = ['known', 'timed-out', 'too-many-events', 'no-memory', 'rules-replaced', 'stopped'] as const;
export type HoldEnd = (typeof HOLD_ENDS)[number];

/** Why nothing is known of an event's container. Stable: alerts and counters have it. */
export type GapReason =
  | Exclude<HoldEnd, 'known'>
  /** Whoever looks for it has given up. */
  | 'failed'
  /** The event's process is not known, and so neither is where it runs. */
  | 'unknown-process';

export interface ContainerGap {
  /** container.id; empty if the process is not known. */
  readonly id: string;
  /** The rule reads or prints what only the API server can tell of its pod. */
  readonly needsPod: boolean;
  readonly moment: ContainerMoment;
  /** Why it isn't waited for; undefined when the answer may be on its way. */
  readonly reason?: GapReason;
}

/** Events of containers of which no runtime had told. */
export interface HoldCounters {
  /** That wait now. */
  readonly now: number;
  readonly total: number;
  /** Of those that do not wait any more. */
  readonly ended: Readonly<Record<HoldEnd, number>>;
}

/** Of the rule set in use. */
export interface EvaluationCounters {
  readonly batches: number;
  /** Of those, the ones that were measured, and how long they took by module, in ms. */
  readonly sampledBatches: number;
  readonly sampledMs: readonly number[];
}

/** Totals since the start, of the worker. */
export interface EngineCounters {
  /** All that they count was before `until`, all that they don't count after `time`: ms since the epoch. */
  readonly time: number;
  readonly until: number;
  readonly capture: CaptureCounters;
  readonly matches: number;
  /** Matches that were not reported, because the host did not keep up with those before them. */
  readonly matchesDropped: number;
  /** Matches that were not reported, because they are of the agent itself. */
  readonly matchesOfSelf: number;
  /** Fields that could not be read although the event has them: a defect of ours, or a damaged record. */
  readonly fieldsUnreadable: number;
  readonly batches: number;
  readonly hold: HoldCounters;
  /** By how old events were when they were evaluated. */
  readonly lag: LagCounters;
  readonly evaluation: EvaluationCounters;
}

/** What the worker tells every second of whether it and its capture are left alone. */
export interface IntegrityReport extends CaptureIntegrity {
  /** Where the kernel tells of the worker's thread, below /proc. */
  readonly thread: string;
}

/** An error that ended the worker or kept it from starting. */
export interface WorkerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
}

export type FromWorker =
  /** Events from now on are seen. */
  | {
      readonly kind: 'started';
      readonly cpus: number;
      readonly memoryBytes: number;
      readonly missing: readonly MissingHook[];
    }
  | { readonly kind: 'matches'; readonly matches: readonly Match[] }
  | { readonly kind: 'block'; readonly block: RecordedBlock }
  /** What a recording tells of a container. */
  | { readonly kind: 'container'; readonly id: string; readonly entry: Uint8Array }
  /** The recording has come to its end; its matches have been sent. */
  | { readonly kind: 'replayed'; readonly report: ReplayReport }
  | { readonly kind: 'containers'; readonly notices: readonly ContainerNotice[] }
  /** A module failed and is not run any more. */
  | { readonly kind: 'set-aside'; readonly module: string; readonly failure: RunFailureKind; readonly reason: string }
  /** Events are evaluated by that rule set from now on; no match of an earlier one will come. */
  | { readonly kind: 'replaced'; readonly generation: number; readonly longestStepMs: number }
  /** What only the rule set before needed is detached. */
  | {
      readonly kind: 'settled';
      readonly generation: number;
      readonly missing: readonly MissingHook[];
      readonly trouble?: WorkerError;
    }
  /** The rule set before stays in use. */
  | { readonly kind: 'not-replaced'; readonly generation: number; readonly error: WorkerError }
  | { readonly kind: 'counters'; readonly counters: EngineCounters }
  | { readonly kind: 'integrity'; readonly report: IntegrityReport }
  | { readonly kind: 'stopped'; readonly counters: EngineCounters }
  | { readonly kind: 'error'; readonly error: WorkerError };

export type ToWorker =
  | { readonly kind: 'container'; readonly id: string; readonly entry: Uint8Array }
  /** All addresses of all names that conditions compare. */
  | { readonly kind: 'names'; readonly addresses: readonly NamedAddress[] }
  /** Collects garbage in the next pause. */
  | { readonly kind: 'trim' }
  /** Not before the set before has settled. */
  | { readonly kind: 'replace'; readonly rules: RuleSetStart }
  /** Source `builder` only: images and events as the kernel would have written them. */
  | { readonly kind: 'inject'; readonly images: readonly Uint8Array[]; readonly events: readonly Uint8Array[] };
