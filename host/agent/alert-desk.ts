// Turns matches into alerts and passes them to the outputs. Alerts of containers without metadata wait here for a while.

import type { ContainerGap, GapReason, Match, MatchToActOn, RuleReads } from '../engine/protocol.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { text } from '../fields/value.ts';
import { completeValues } from '../metadata/complete-alert.ts';
import { fieldsOf, formattedFields } from '../outputs/additions.ts';
import { type Alert, CAPTURE_FIELD, MODULE_FIELD, RESPONSE_FIELD } from '../outputs/alert.ts';
import { type KeyedValue, renderFields, renderMessage } from '../outputs/message.ts';
import type { Output } from '../outputs/output.ts';
import { CONTAINER, CONTAINER_STATE, POD_STATE } from '../schema/container.ts';
import type { SessionFact } from '../schema/fields/field.ts';
import { member } from '../schema/layout.ts';
import type { Priority } from '../schema/priority.ts';
import type { SessionRef } from '../sessions/exec-entry.ts';
import type { SessionFacts } from '../sessions/live-sessions.ts';
import { alertDetails } from './alert-details.ts';
import type { RuleInfo, RuleModule } from './rule-module.ts';
import { sessionFactOf, sessionValue } from './session-values.ts';
import { SessionWaits } from './session-waits.ts';

/** Alerts that may wait at a time; more go out with what is known. */
const HELD_AT_ONCE = 1024;
/** Most containers without an answer that are remembered; the oldest are forgotten first. */
const REMEMBERED = 4096;

/** Field of an alert that lacks metadata of its container: the reason. */
export const REASON_FIELD = 'container.metadata';

const STATE_AT = member(CONTAINER, 'state').offset;
const POD_STATE_AT = member(CONTAINER, 'pod_state').offset;

interface RulePlan {
  readonly rule: RuleInfo;
  /** All fields to read; those that the alert shows come first. */
  readonly keys: readonly string[];
  readonly shown: number;
  /** Keys of what is known of the exec session, by their place. */
  readonly facts: ReadonlyMap<number, SessionFact>;
  readonly module: KeyedValue | undefined;
}

interface HeldAlert {
  readonly match: Match;
  readonly gap: ContainerGap;
  readonly plan: RulePlan;
}

/** Alerts of a container that wait together, since the first of them came. */
interface Waiting {
  readonly alerts: Set<HeldAlert>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Why an alert is sent without all metadata of its container. Further reasons are the failures of
 * host/metadata/container-state.ts, those of pods with `pod-` in front.
 */
type DeskReason = GapReason | 'too-many-alerts' | 'pod-timed-out';

/** Metadata of containers. */
export interface KnownContainers {
  /** The answers of the runtimes and the API server so far, including "unknown". */
  entry(id: string): Uint8Array | undefined;
  /** Why the runtimes have not answered. */
  failure(id: string): string | undefined;
  /** Why the API server has not answered. */
  podFailure(id: string): string | undefined;
}

/** Whose an exec session is. */
export interface KnownSessions {
  /** In how many ms it is settled; 0: it is. */
  settledIn(sessions: readonly SessionRef[]): number;
  /** Undefined if it is no session that was entered by an exec into a pod. */
  factsOf(sessions: readonly SessionRef[]): SessionFacts | undefined;
}

export interface DeskOptions {
  readonly hostname: string;
  /** How long, in ms, the alerts of a container wait for its metadata. */
  readonly patience: number;
  /** Whether each alert of a rule has the hash of the rule's module. */
  readonly namesModules: boolean;
  /** Default: nothing is known of sessions. */
  readonly sessions?: KnownSessions;
  /** Begins the capture of an alert, or adds it to one; returns the name of its file, if there is one. */
  readonly capture?: (rule: RuleInfo, alert: AlertToCapture) => string | undefined;
  /** Responds to an alert, which is sent then with what came of it; false if there is nothing to do. */
  readonly respond?: (rule: RuleInfo, alert: AlertToRespond, send: (outcome: string) => void) => boolean;
}

/** What a capture needs of an alert before it is sent. */
export interface AlertToCapture {
  readonly time: bigint;
  readonly message: string;
  /** All that were read. */
  readonly fields: readonly KeyedValue[];
}

/** What is needed to respond to an alert, before it is sent. */
export interface AlertToRespond {
  /** All that were read. */
  readonly fields: readonly KeyedValue[];
  readonly acts: MatchToActOn | undefined;
  /** The metadata of its container did not arrive. */
  readonly isIncomplete: boolean;
}

export interface RuleAlerts {
  readonly rule: RuleInfo;
  readonly alerts: number;
}

export interface DeskCounters {
  readonly alerts: number;
  /** By rule name. */
  readonly byRule: ReadonlyMap<string, number>;
  /** The same with details of each rule. */
  readonly rules: readonly RuleAlerts[];
  /** Alerts that waited until it was settled whose session they are of. */
  readonly heldForUser: number;
  /** Alerts that waited for a container's metadata, and how many of them were sent without it. */
  readonly held: number;
  readonly heldInVain: number;
  /** Alerts that lack it, by the reason that they carry. */
  readonly withoutContainer: ReadonlyMap<string, number>;
}

/** What the worker must know of a rule. The fields are in the order in which Match.values has them. */
export function ruleReads(rule: RuleInfo): RuleReads {
  const { readsContainers, readsPods, eventTypes, responses, details } = rule;
  const guards = responses?.flatMap(({ guard }) => guard ?? []);
  return {
    fields: fieldsOf(rule).all,
    readsContainers,
    readsPods,
    eventTypes,
    ...(guards && { guards }),
    ...(details && { details }),
  };
}

export class AlertDesk {
  /** By generation of the rule set, module and rule. */
  readonly #plans = new Map<number, readonly (readonly RulePlan[])[]>();
  readonly #outputs: Pick<Output, 'write'>;
  readonly #hostname: string;
  readonly #patience: number;
  readonly #namesModules: boolean;
  readonly #capture: DeskOptions['capture'];
  readonly #respond: DeskOptions['respond'];
  readonly #containers: KnownContainers;
  readonly #sessions: KnownSessions | undefined;
  readonly #sessionWaits = new SessionWaits();
  readonly #held = new Map<string, Waiting>();
  /** Containers whose time ran out: their alerts wait no more until there is an answer. */
  readonly #inVain = new Set<string>();
  readonly #without = new Map<string, number>();
  readonly #byRule = new Map<string, RuleAlerts>();
  #heldNow = 0;
  #alerts = 0;
  #heldTotal = 0;
  #heldInVain = 0;

  constructor(outputs: Pick<Output, 'write'>, containers: KnownContainers, options: DeskOptions) {
    this.#outputs = outputs;
    this.#containers = containers;
    this.#hostname = options.hostname;
    this.#patience = options.patience;
    this.#namesModules = options.namesModules;
    this.#sessions = options.sessions;
    this.#capture = options.capture;
    this.#respond = options.respond;
  }

  /** Matches of that rule set may come from now on. */
  use(generation: number, modules: readonly RuleModule[]): void {
    const plans = modules.map(({ rules, sha256 }) => {
      const module = this.#namesModules ? { key: MODULE_FIELD, value: text(`sha256:${sha256}`) } : undefined;
      return rules.map((rule): RulePlan => {
        const { shown, all } = fieldsOf(rule);
        return { rule, keys: all, shown: shown.length, facts: factsAmong(all), module };
      });
    });
    this.#plans.set(generation, plans);
  }

  /** Matches of that rule set will not come any more. Alerts that wait are not concerned. */
  retire(generation: number): void {
    this.#plans.delete(generation);
  }

  retireBefore(generation: number): void {
    for (const one of this.#plans.keys()) if (one < generation) this.retire(one);
  }

  take(match: Match): void {
    const plan = this.#plans.get(match.generation)?.[match.module]?.[match.rule];
    if (!plan) return;
    const wait = match.sessions ? (this.#sessions?.settledIn(match.sessions) ?? 0) : 0;
    if (wait > 0 && this.#sessionWaits.add(wait, () => this.#takeSettled(match, plan))) return;
    this.#takeSettled(match, plan);
  }

  #takeSettled(match: Match, plan: RulePlan): void {
    const { gap } = match;
    if (!gap) {
      this.#send(match, plan, match.values);
      return;
    }
    const alert = { match, gap, plan };
    const entry = this.#containers.entry(gap.id);
    if (entry && answers(entry, gap)) this.#sendKnown(alert, entry);
    else if (gap.reason !== undefined) this.#sendWithout(alert, gap.reason);
    else if (this.#inVain.has(gap.id)) this.#sendWithout(alert, entry ? 'pod-timed-out' : 'timed-out');
    else if (this.#heldNow < HELD_AT_ONCE) this.#hold(alert);
    else this.#sendWithout(alert, 'too-many-alerts');
  }

  /** A container's runtime has answered, or the API server about its pod. */
  containerKnown(id: string, entry: Uint8Array): void {
    this.#inVain.delete(id);
    for (const alert of this.#held.get(id)?.alerts ?? []) {
      if (!answers(entry, alert.gap)) continue;
      this.#unhold(alert);
      this.#sendKnown(alert, entry);
    }
  }

  /** An internal alert. */
  internal(rule: string, priority: Priority, message: string, fields: readonly KeyedValue[] = []): void {
    this.#write({
      time: BigInt(Date.now()) * NANOSECONDS_PER_MS,
      rule,
      priority,
      source: 'internal',
      tags: undefined,
      hostname: this.#hostname,
      message,
      fields,
    });
  }

  /** Sends all waiting alerts as they are. */
  close(): void {
    this.#sessionWaits.end();
    for (const { alerts } of this.#held.values()) for (const alert of alerts) this.#giveUp(alert, 'stopped');
  }

  get counters(): DeskCounters {
    const rules = [...this.#byRule.values()];
    return {
      alerts: this.#alerts,
      byRule: new Map(rules.map(({ rule, alerts }) => [rule.name, alerts])),
      rules,
      heldForUser: this.#sessionWaits.total,
      held: this.#heldTotal,
      heldInVain: this.#heldInVain,
      withoutContainer: this.#without,
    };
  }

  #hold(alert: HeldAlert): void {
    const { id } = alert.gap;
    const waiting = this.#held.get(id);
    if (waiting) waiting.alerts.add(alert);
    else {
      const timer = setTimeout(() => this.#timeOut(id), this.#patience);
      this.#held.set(id, { alerts: new Set([alert]), timer });
    }
    this.#heldNow++;
    this.#heldTotal++;
  }

  #unhold(alert: HeldAlert): void {
    const waiting = this.#held.get(alert.gap.id);
    if (!waiting?.alerts.delete(alert)) return;
    this.#heldNow--;
    if (waiting.alerts.size > 0) return;
    clearTimeout(waiting.timer);
    this.#held.delete(alert.gap.id);
  }

  #timeOut(container: string): void {
    // The runtime may have answered, and the API server not.
    const reason = this.#containers.entry(container) ? 'pod-timed-out' : 'timed-out';
    for (const alert of this.#held.get(container)?.alerts ?? []) this.#giveUp(alert, reason);
    this.#inVain.add(container);
    for (const oldest of this.#inVain) {
      if (this.#inVain.size <= REMEMBERED) break;
      this.#inVain.delete(oldest);
    }
  }

  #giveUp(alert: HeldAlert, reason: DeskReason): void {
    this.#unhold(alert);
    this.#heldInVain++;
    this.#sendWithout(alert, reason);
  }

  /** Whether all answers have arrived, including "unknown". */
  #sendKnown({ match, gap, plan }: HeldAlert, entry: Uint8Array): void {
    const reason = this.#failure(entry, gap);
    const values = completeValues(plan.keys, match.values, entry, gap.moment);
    if (reason === undefined) this.#send(match, plan, values);
    else this.#sendMarked(match, plan, values, reason);
  }

  #sendWithout({ match, gap, plan }: HeldAlert, reason: DeskReason): void {
    const entry = this.#containers.entry(gap.id);
    const values = entry ? completeValues(plan.keys, match.values, entry, gap.moment) : match.values;
    this.#sendMarked(match, plan, values, reason);
  }

  #failure(entry: Uint8Array, { id, needsPod }: ContainerGap): string | undefined {
    if (entry[STATE_AT] === CONTAINER_STATE.FAILED) return this.#containers.failure(id) ?? 'failed';
    if (!needsPod || entry[POD_STATE_AT] !== POD_STATE.FAILED) return undefined;
    return `pod-${this.#containers.podFailure(id) ?? 'failed'}`;
  }

  #sendMarked(match: Match, plan: RulePlan, values: Match['values'], reason: string): void {
    this.#without.set(reason, (this.#without.get(reason) ?? 0) + 1);
    this.#send(match, plan, values, [{ key: REASON_FIELD, value: text(reason) }]);
  }

  #send(
    match: Match,
    { rule, keys, shown, facts, module }: RulePlan,
    values: Match['values'],
    more: readonly KeyedValue[] = [],
  ): void {
    const session = match.sessions && this.#sessions?.factsOf(match.sessions);
    const fields = keys.map((key, index): KeyedValue => {
      const fact = session && facts.get(index);
      return { key, value: fact ? sessionValue(fact, session) : values[index] };
    });
    const { name, priority, source, tags } = rule;
    this.#alerts++;
    this.#byRule.set(name, { rule, alerts: (this.#byRule.get(name)?.alerts ?? 0) + 1 });
    const added = [...namesBeside(match, keys), ...more];
    const message = renderMessage(rule.output, fields) + renderFields(added);
    const extra = formattedFields(rule.extra, fields);
    const { time } = match;
    const file = this.#capture?.(rule, { time, message, fields });
    const capture = file === undefined ? [] : [{ key: CAPTURE_FIELD, value: text(file) }];
    const all = [...fields.slice(0, shown), ...added, ...extra, ...(module ? [module] : []), ...capture];
    const details = match.details && alertDetails(rule, match, this.#entryOf(match));
    const alert = {
      ...{ time, rule: name, priority, source, tags, hostname: this.#hostname, message, fields: all },
      ...(details && { details }),
    };
    const { acts } = match;
    const isIncomplete = this.#lacksContainer(match);
    if (this.#respond?.(rule, { fields, acts, isIncomplete }, (text) => this.#write(withResponse(alert, text)))) return;
    this.#write(alert);
  }

  /** Of the container that was not known when the match was read. */
  #entryOf({ gap }: Match): Uint8Array | undefined {
    return gap && this.#containers.entry(gap.id);
  }

  /** Whether an answer about the container of the match is missing: the runtime's, or the API server's where that is wanted. */
  #lacksContainer({ gap }: Match): boolean {
    if (gap === undefined) return false;
    const entry = this.#containers.entry(gap.id);
    if (entry === undefined || entry[STATE_AT] === CONTAINER_STATE.FAILED) return true;
    return gap.needsPod && (entry[POD_STATE_AT] === POD_STATE.PENDING || entry[POD_STATE_AT] === POD_STATE.FAILED);
  }

  #write(alert: Alert): void {
    this.#outputs.write(alert);
  }
}

/** What is printed of the exec session, by its place among the fields. */
function factsAmong(fields: readonly string[]): ReadonlyMap<number, SessionFact> {
  return new Map(
    fields.flatMap((field, index) => {
      const fact = sessionFactOf(field);
      return fact ? [[index, fact]] : [];
    }),
  );
}

/** Whether the entry has everything that the alert waits for. */
function answers(entry: Uint8Array, { needsPod }: ContainerGap): boolean {
  return !(needsPod && entry[POD_STATE_AT] === POD_STATE.PENDING);
}

/** Both names of a file, where they differ: those that the rule's output doesn't print itself. */
function namesBeside({ names = [] }: Match, printed: readonly string[]): readonly KeyedValue[] {
  return names.filter(({ key }) => !printed.includes(key));
}

function withResponse(alert: Alert, outcome: string): Alert {
  const field = { key: RESPONSE_FIELD, value: text(outcome) };
  return { ...alert, message: alert.message + renderFields([field]), fields: [...alert.fields, field] };
}
