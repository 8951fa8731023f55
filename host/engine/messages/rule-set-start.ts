// What the worker gets of a set of rules: plain data.

import type { EnforcementPins } from '../../capture/enforcement-pins.ts';
import type { FilterTables } from '../../capture/filter-tables.ts';
import type { VerifiedModule } from '../../sandbox/compile-module.ts';

/** The data that the worker needs to report a match of a rule. */
export interface RuleReads {
  /** Fields of its output in their written form: `proc.aname[2]`. */
  readonly fields: readonly string[];
  /** Its condition needs data of the container's runtime: events of a new container are held for it. */
  readonly readsContainers: boolean;
  /** Its condition needs data of the API server: events of a new container are held for it. */
  readonly readsPods: boolean;
  /** Names of the event types that it can match. */
  readonly eventTypes: readonly string[];
  /** Its matches may be acted on: they name their process, and say which of these guards hold. Default: they are not. */
  readonly guards?: readonly number[];
  /** Fields of its matches for the page, read as often as DetailPace allows. Default: none, ever. */
  readonly details?: readonly string[];
}

export interface ModuleStart {
  /** For messages, e.g. its file. */
  readonly name: string;
  readonly verified: VerifiedModule;
  /** Rules by the index that the module passes to match(), unless there are alternatives. */
  readonly rules: readonly RuleReads[];
  /** Alternatives by that index. Absent: each rule is its only one. */
  readonly alternatives?: readonly AlternativeStart[];
}

/** What a module evaluates like a rule of its own. */
export interface AlternativeStart {
  /** Number of its rule. */
  readonly rule: number;
  /** A condition on the session that the process is in, which the worker evaluates. Absent: none. */
  readonly entry?: string;
  /** For a condition on the exec session (decided by the host): its value outside of any exec session. Absent: there is no such condition. */
  readonly holdsWithout?: boolean;
}

/** Rules that the kernel enforces: tables of enforcement-tables.ts, and which containers are never acted on. */
export interface EnforcementStart {
  readonly bytes: Uint8Array;
  readonly rules: BigUint64Array;
  /** Number of the tables: see EnforcedParts. */
  readonly serial: number;
  /** Clauses by their number. */
  readonly clauses: readonly EnforcedClause[];
  /** Absent: it ends with the agent. */
  readonly pins?: EnforcementPins;
  readonly never: {
    readonly namespaces: readonly string[];
    /** Labels of containers and of pods. */
    readonly labels: readonly (readonly [key: string, value: string])[];
    /** The agent's own pod; empty if it is in none. */
    readonly podUid: string;
  };
}

/** The rule of a clause: its name, its module's number in the set, and its own in that. */
export interface EnforcedClause {
  readonly name: string;
  readonly module: number;
  readonly rule: number;
}

/** A set of rules: the modules in the order of evaluation, and what is captured for them. */
export interface RuleSetStart {
  /** Grows by one with each set; the first one's is 0. */
  readonly generation: number;
  readonly modules: readonly ModuleStart[];
  readonly eventTypes: readonly string[];
  /** A module whose rules are evaluated on matches alone: RuleReads.guards has their numbers. Default: none. */
  readonly guard?: ModuleStart;
  /** Source `bpf` only: the kernel filter. Default: none. */
  readonly filter?: FilterTables;
  /** Source `bpf` only: those of the rules that the kernel enforces. Default: none. */
  readonly enforcement?: EnforcementStart;
}
