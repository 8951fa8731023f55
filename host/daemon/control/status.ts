// The state of an agent as its control socket reports it: plain JSON, for `wasprey status` and for scripts.

import type { RuleModule } from '../../agent/modules/rule-module.ts';
import type { ModuleAbsence } from '../../agent/rules/module-absences.ts';
import type { Summary } from '../../agent/summary.ts';
import { eventTotals } from '../../engine/counts/event-totals.ts';
import type { EngineCounters } from '../../engine/messages/protocol.ts';
import { findEventType } from '../../schema/events/index.ts';

export interface RuleStatus {
  readonly name: string;
  readonly module: string;
  readonly priority: string;
  readonly alerts: number;
  /**
   * Time that its evaluation has taken, in ms, since these rules are in use: its module's, measured on samples, divided by what each rule
   * costs by its conditions on the events that there were. Which processes a rule is tried on at all is not in it.
   */
  readonly estimatedMs: number;
}

export interface ModuleStatus {
  readonly name: string;
  readonly sha256: string;
  /** Ids of the trusted keys that have signed it. Absent: its signatures were not checked, or it was compiled here. */
  readonly signedBy?: readonly string[];
  readonly rules: number;
  /** ms of evaluation, measured on samples. */
  readonly evaluationMs: number;
  /** ms since the epoch. */
  readonly inUseSince: number;
}

export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly events: {
    readonly produced: number;
    readonly evaluated: number;
    readonly filtered: number;
    readonly dropped: number;
  };
  /** Records of processes that were lost, the events evaluated without, and the last time. */
  readonly images: Summary['images'];
  readonly ringHighWater: number;
  /** ms from the kernel's clock to evaluation, on average; and events that wait for the metadata of their container. */
  readonly lagMs: number;
  readonly eventsHeld: number;
  /** Errors of what was left out of the rules in use. */
  readonly rulesLeftOut: Summary['rules']['leftOut'];
  /** In the rings, not read yet. Absent: the agent is too old to report it. */
  readonly eventsWaiting?: number;
  /** Modules that were set aside, the latest last; without `to` they still are. */
  readonly setAside: readonly ModuleAbsence[];
  readonly generation: number;
  readonly modules: readonly ModuleStatus[];
  readonly reloads: Summary['rules']['reloads'];
  readonly rules: readonly RuleStatus[];
  readonly alerts: number;
  readonly containers: Summary['containers'];
  readonly outputs: Summary['outputs'];
  /** Tampering with the capture: the current findings, their total number, and the last one in an alert. */
  readonly tampering: {
    readonly present: readonly string[];
    readonly total: number;
    readonly last?: { readonly timeMs: number; readonly text: string };
  };
  readonly hooks: Summary['hooks'];
  /** Absent while it is off. */
  readonly journal?: NonNullable<Summary['journal']>;
  /** Absent while they are off. */
  readonly captures?: NonNullable<Summary['captures']>;
  /** Absent while there are none. */
  readonly responses?: NonNullable<Summary['responses']>;
  /** Rules that the kernel enforces; absent if none. */
  readonly enforcement?: NonNullable<Summary['enforcement']>;
  /** Absent: there is no source of events beside the capture. */
  readonly other?: NonNullable<Summary['other']>;
  /** Absent: no receiver of audit events is configured. */
  readonly podRequests?: NonNullable<Summary['podRequests']>;
}

export interface StatusFacts {
  readonly version: string;
  readonly startedMs: number;
  /** The modules in use, in their order. */
  readonly modules: readonly RuleModule[];
}

export function statusOf(facts: StatusFacts, summary: Summary): AgentStatus {
  const { version, startedMs, modules } = facts;
  const {
    engine,
    alerts,
    rules,
    containers,
    outputs,
    tampering,
    hooks,
    images,
    journal,
    captures,
    enforcement,
    responses,
    other,
    podRequests,
  } = summary;
  const totals = engine && eventTotals(engine.capture);
  const times = modules.map((_, index) => evaluationMs(engine, index));
  return {
    version,
    pid: process.pid,
    startedMs,
    nowMs: Date.now(),
    events: {
      produced: totals?.produced ?? 0,
      evaluated: totals?.evaluated ?? 0,
      filtered: totals?.filtered ?? 0,
      dropped: totals?.lost ?? 0,
    },
    images,
    ringHighWater: engine?.capture.ringHighWater ?? 0,
    lagMs: averageLag(engine),
    eventsHeld: engine?.hold.now ?? 0,
    rulesLeftOut: rules.leftOut,
    eventsWaiting: totals?.waiting ?? 0,
    setAside: rules.setAside.list,
    generation: rules.generation,
    modules: modules.map(({ name, sha256, signedBy, rules: { length } }, index) => ({
      name,
      sha256,
      ...(signedBy && { signedBy }),
      rules: length,
      evaluationMs: times[index] ?? 0,
      inUseSince: rules.modules[index]?.inUseSince ?? startedMs,
    })),
    reloads: rules.reloads,
    rules: modules.flatMap((module, index) => rulesOf(module, times[index] ?? 0, engine, alerts.byRule)),
    alerts: alerts.alerts,
    containers,
    outputs,
    tampering: {
      present: tampering.present,
      total: [...tampering.counts.values()].reduce((sum, value) => sum + value, 0),
      ...(tampering.last && { last: { timeMs: tampering.last.time, text: tampering.last.text } }),
    },
    hooks,
    ...(journal && { journal }),
    ...(captures && { captures }),
    ...(responses && { responses }),
    ...(enforcement && { enforcement }),
    ...(other && { other }),
    ...(podRequests && { podRequests }),
  };
}

function averageLag(engine: EngineCounters | undefined): number {
  const { batches = [], sumMs = 0 } = engine?.lag ?? {};
  const count = batches.reduce((sum, each) => sum + each, 0);
  return count === 0 ? 0 : sumMs / count;
}

/** From the measured batches to all of them. */
function evaluationMs(engine: EngineCounters | undefined, index: number): number {
  const { batches = 0, sampledBatches = 0, sampledMs = [] } = engine?.evaluation ?? {};
  return sampledBatches === 0 ? 0 : ((sampledMs[index] ?? 0) * batches) / sampledBatches;
}

function rulesOf(
  { name: module, rules }: RuleModule,
  moduleMs: number,
  engine: EngineCounters | undefined,
  alerts: ReadonlyMap<string, number>,
): RuleStatus[] {
  const weights = rules.map(({ costs }) =>
    Object.entries(costs).reduce((sum, [type, cost]) => {
      const number = findEventType(type)?.number;
      return sum + cost * (number === undefined ? 0 : (engine?.capture.evaluated[number] ?? 0));
    }, 0),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return rules.map(({ name, priority }, index) => ({
    name,
    module,
    priority,
    alerts: alerts.get(name) ?? 0,
    estimatedMs: sum === 0 ? 0 : (moduleMs * (weights[index] ?? 0)) / sum,
  }));
}
