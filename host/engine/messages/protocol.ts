// The messages between the host's thread and the worker that evaluates: plain data.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import type { MissingEnforcer } from '../../capture/enforcement-means.ts';
import type { UnattendedEnforcement } from '../../capture/enforcement-pins.ts';
import type { HooksSetting } from '../../capture/hooks.ts';
import type { CaptureIntegrity } from '../../capture/integrity.ts';
import type { JournalSelection } from '../../capture/journal-selection.ts';
import type { MissingHook } from '../../capture/missing-hooks.ts';
import type { NamedAddress } from '../../capture/name-table.ts';
import type { CaptureSizes, ContainerNotice, HooksKind } from '../../capture/native.ts';
import type { RecordedBlock } from '../../recording/recorder.ts';
import type { ReplayReport } from '../../recording/replay.ts';
import type { RunFailureKind } from '../../sandbox/run.ts';
import type { JournalUse } from '../../schema/journal.ts';
import type { StartedSession } from '../../sessions/exec-entry.ts';
import type { LagCounters } from '../counts/evaluation-clock.ts';
import type { JournalBlock } from './journal-block.ts';
import type { HoldEnd, Match } from './match.ts';
import type { RuleSetStart } from './rule-set-start.ts';

export type RuleMatching = 'first' | 'all';

/** Limits on time and number of held events of new containers; for memory see CaptureSizes.holdBudget. */
export interface HoldLimits {
  /** From the container's first event on. */
  readonly milliseconds: number;
  /** For all containers. */
  readonly events: number;
}

export const HOLD_LIMITS: HoldLimits = { milliseconds: 2000, events: 65_536 };

/** The kernel enforces rules from now on, or no longer. */
export interface Enforcing {
  /** What it lacks for that. */
  readonly missing: readonly MissingEnforcer[];
  /** What it did by itself before: pinned enforcement was taken over. */
  readonly unattended?: UnattendedEnforcement;
}

/** What the kernel has done by a rule that did not match. */
export interface UnmatchedEnforcement {
  /** Its name; empty if unknown. */
  readonly rule: string;
  /** Other rules were in use when the event was evaluated. */
  readonly isReplaced: boolean;
  /** One of ENFORCED. */
  readonly outcome: number;
  /** Name of the event's type. */
  readonly event: string;
  /** In the root pid namespace; 0: not known. */
  readonly pid: number;
  readonly executable: string;
}

/** How the worker opens its capture. */
export interface CaptureSettings {
  readonly source: 'bpf' | 'builder';
  /** Path of the BPF object; default: where the build puts it. */
  readonly object?: string;
  /** Default: the capture's. */
  readonly sizes?: CaptureSizes;
  /** Default: the capture's. */
  readonly hooks?: HooksSetting;
}

/** What a worker begins with. */
export interface WorkerData {
  /** Control.buffer */
  readonly control: SharedArrayBuffer;
  /** addonPath() of the thread that makes it. */
  readonly addon: string;
}

/** The messages to a worker before it runs. */
export type ToIdleWorker =
  | { readonly kind: 'prepare'; readonly capture: CaptureSettings; readonly eventTypes: readonly string[] }
  | { readonly kind: 'start'; readonly start: WorkerStart };

export interface WorkerStart extends CaptureSettings {
  readonly rules: RuleSetStart;
  readonly ruleMatching: RuleMatching;
  readonly hold: HoldLimits;
  readonly hostname: string;
  /** evt.outputtime is ISO 8601. */
  readonly isoTime: boolean;
  /** Buffers are shown in base64. */
  readonly base64Buffers?: boolean;
  /** Ignore matches of the agent's own process and those that it has started. */
  readonly ignoresSelf?: boolean;
  /** Source `bpf` only: check every second that the capture is unchanged. */
  readonly guarded?: boolean;
  /** Also send the captured data to the host, in blocks. */
  readonly recording?: true;
  /** Recognise exec sessions. Default: nobody asks for them. */
  readonly followsSessions?: boolean;
  /** Send events to the journal, in blocks. Default: none. */
  readonly journal?: JournalSelection;
  /** Event types that captures by rules may need beside those of the rules; what captures them is loaded ahead. Default: none. */
  readonly ahead?: readonly string[];
  /** Source `builder` only, with one CPU: the recording to evaluate. The worker stops at its end. */
  readonly replay?: string;
}

/** Held events of containers that were unknown. */
export interface HoldCounters {
  /** Events that wait now. */
  readonly now: number;
  readonly total: number;
  /** Events that no longer wait. */
  readonly ended: Readonly<Record<HoldEnd, number>>;
}

/** Counters of the rule set in use. */
export interface EvaluationCounters {
  readonly batches: number;
  /** The measured ones, and their evaluation time by module, in ms. */
  readonly sampledBatches: number;
  readonly sampledMs: readonly number[];
}

/** Totals since the start, of the worker. */
export interface EngineCounters {
  /** Everything counted was before `until`, everything not counted is after `time`: ms since the epoch. */
  readonly time: number;
  readonly until: number;
  readonly capture: CaptureCounters;
  readonly matches: number;
  /** Matches that were dropped because the host did not keep up. */
  readonly matchesDropped: number;
  /** Matches that were ignored because they are of the agent itself. */
  readonly matchesOfSelf: number;
  /** Calls that the kernel has acted on by a rule that does not match them: a defect, of its module or of ours. */
  readonly enforcedUnmatched: number;
  /** How often the rule of a call that BPF LSM has refused could not be evaluated on what it would have done. */
  readonly enforcedUnchecked: number;
  /** Fields that could not be read although the event has them: a defect of ours, or a damaged record. */
  readonly fieldsUnreadable: number;
  readonly batches: number;
  readonly hold: HoldCounters;
  /** Counts by the age of events at their evaluation. */
  readonly lag: LagCounters;
  readonly evaluation: EvaluationCounters;
}

/** The worker's report, every second, on the integrity of itself and its capture. */
export interface IntegrityReport extends CaptureIntegrity {
  /** Path of the worker's thread below /proc. */
  readonly thread: string;
}

/** An error that stopped the worker or its start. */
export interface WorkerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
}

/** A module of a rule set is set aside: for so many ms, or without these for good. */
export interface SetAside {
  readonly generation: number;
  readonly module: string;
  readonly failure: RunFailureKind;
  readonly reason: string;
  readonly pauseMs?: number;
}

/** Whose events are captured. */
export interface CaptureScopes {
  readonly all: boolean;
  /** Full ids. */
  readonly containers: readonly string[];
  /** Pids and sessions, each with all that descends from it. */
  readonly trees: readonly number[];
  /** What is captured of them. */
  readonly eventTypes: readonly string[];
}

export type FromWorker =
  /** Capture has started: later events are captured. */
  | {
      readonly kind: 'started';
      /** Handle of the capture. */
      readonly capture: number;
      readonly cpus: number;
      readonly memoryBytes: number;
      readonly missing: readonly MissingHook[];
      /** Absent: the capture has none, because its events come from elsewhere. */
      readonly hooks?: HooksKind;
    }
  | { readonly kind: 'matches'; readonly matches: readonly Match[] }
  | { readonly kind: 'block'; readonly block: RecordedBlock }
  /** A block of the journal, or of what is captured. */
  | { readonly kind: 'kept'; readonly use: JournalUse; readonly block: JournalBlock }
  /** Events that neither a block has nor a later one will count. */
  | { readonly kind: 'left-out'; readonly use: JournalUse; readonly events: number }
  /** Whose events are captured was set: blocks of the journal up to then have been sent. */
  | { readonly kind: 'captures-set' }
  /** Event types that no rule wants can't be captured. */
  | { readonly kind: 'captures-failed'; readonly error: WorkerError }
  /** What goes to the journal was set; later blocks are of that. */
  | { readonly kind: 'journal-set' }
  /** The metadata of a container in a recording. */
  | { readonly kind: 'container'; readonly id: string; readonly entry: Uint8Array }
  /** How far a replay has come: the share of its file, 0 to 1. */
  | { readonly kind: 'progress'; readonly share: number; readonly events: number }
  /** The recording has ended; its matches have been sent. */
  | { readonly kind: 'replayed'; readonly report: ReplayReport }
  | { readonly kind: 'containers'; readonly notices: readonly ContainerNotice[] }
  /** They come before the matches that name them. */
  | { readonly kind: 'sessions'; readonly sessions: readonly StartedSession[] }
  /** A module failed and is not run. */
  | ({ readonly kind: 'set-aside' } & SetAside)
  /** It is run again. */
  | { readonly kind: 'taken-back'; readonly generation: number; readonly module: string }
  /** The rule set is in use; no match of an earlier one will come. */
  | { readonly kind: 'replaced'; readonly generation: number; readonly longestStepMs: number }
  /** Hooks that only the previous rule set needed are detached. */
  | {
      readonly kind: 'settled';
      readonly generation: number;
      readonly missing: readonly MissingHook[];
      readonly trouble?: WorkerError;
    }
  /** The previous rule set stays in use. */
  | { readonly kind: 'not-replaced'; readonly generation: number; readonly error: WorkerError }
  | ({ readonly kind: 'enforcing' } & Enforcing)
  /** The kernel has acted, and no match of the rule followed. */
  | { readonly kind: 'enforced-unmatched'; readonly unmatched: readonly UnmatchedEnforcement[] }
  | { readonly kind: 'counters'; readonly counters: EngineCounters }
  | { readonly kind: 'integrity'; readonly report: IntegrityReport }
  | { readonly kind: 'stopped'; readonly counters: EngineCounters }
  | { readonly kind: 'error'; readonly error: WorkerError };

export type ToWorker =
  | { readonly kind: 'container'; readonly id: string; readonly entry: Uint8Array }
  /** All addresses of all host names in conditions. */
  | { readonly kind: 'names'; readonly addresses: readonly NamedAddress[] }
  /** What goes to the journal from now on; undefined: nothing. */
  | { readonly kind: 'journal'; readonly selection: JournalSelection | undefined }
  /** Whose events are captured from now on, instead of those before. */
  | { readonly kind: 'captures'; readonly scopes: CaptureScopes }
  /** The next block of the journal begins a segment. */
  | { readonly kind: 'begin-segment' }
  /** Collects garbage in the next pause. */
  | { readonly kind: 'trim' }
  /** Only after the previous replacement has ended. */
  | { readonly kind: 'replace'; readonly rules: RuleSetStart };
