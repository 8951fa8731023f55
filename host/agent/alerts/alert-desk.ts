// Turns matches into alerts and passes them to the outputs. Some wait: until it is settled whose session they are of (session-waits.ts), and for the
// metadata of their container (container-waits.ts).

import type { Match, MatchToActOn } from '../../engine/messages/match.ts';
import type { RuleReads } from '../../engine/messages/rule-set-start.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { text } from '../../fields/value.ts';
import { fieldsOf, formattedFields } from '../../outputs/additions.ts';
import { type Alert, CAPTURE_FIELD, MODULE_FIELD, RESPONSE_FIELD } from '../../outputs/alert.ts';
import { type KeyedValue, renderFields, renderMessage } from '../../outputs/message.ts';
import type { Output } from '../../outputs/output.ts';
import type { SessionFact } from '../../schema/fields/field.ts';
import type { Priority } from '../../schema/priority.ts';
import type { RuleInfo, RuleModule } from '../modules/rule-module.ts';
import type { SessionCondition } from '../sessions/session-condition.ts';
import { type ConditionalMatch, type KnownSessions, SessionDecision } from '../sessions/session-decision.ts';
import { sessionFactOf, sessionValue } from '../sessions/session-values.ts';
import { SessionWaits } from '../sessions/session-waits.ts';
import { alertDetails } from './alert-details.ts';
import { ContainerWaits, type KnownContainers, type WaitCounters } from './container-waits.ts';

/** Field of an alert that lacks metadata of its container: the reason. */
export const REASON_FIELD = 'container.metadata';

interface RulePlan {
  readonly rule: RuleInfo;
  /** All fields to read; those that the alert shows come first. */
  readonly keys: readonly string[];
  readonly shown: number;
  /** The facts of the exec session that `keys` ask for, by the place of the key. */
  readonly facts: ReadonlyMap<number, SessionFact>;
  readonly module: KeyedValue | undefined;
}

interface ModulePlan {
  readonly rules: readonly RulePlan[];
  /** Condition on the session, by number of the alternative. */
  readonly conditions: readonly (SessionCondition | undefined)[];
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
  /** Responds to an alert, and then sends it with the outcome; false if there is nothing to do. */
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

export interface DeskCounters extends WaitCounters {
  readonly alerts: number;
  /** Numbers of alerts, by rule name. */
  readonly byRule: ReadonlyMap<string, number>;
  /** Numbers of alerts, with details of each rule. */
  readonly rules: readonly RuleAlerts[];
  /** Alerts that waited until it was settled whose session they are of. */
  readonly heldForUser: number;
  /** Matches that did not count, and whose session they are of was not settled. */
  readonly undecidedForUser: number;
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
  /** Plans by generation of the rule set, then by module and rule. */
  readonly #plans = new Map<number, readonly ModulePlan[]>();
  readonly #outputs: Pick<Output, 'write'>;
  readonly #hostname: string;
  readonly #namesModules: boolean;
  readonly #capture: DeskOptions['capture'];
  readonly #respond: DeskOptions['respond'];
  readonly #containers: ContainerWaits;
  readonly #sessions: KnownSessions | undefined;
  readonly #sessionWaits = new SessionWaits();
  readonly #decision: SessionDecision;
  readonly #byRule = new Map<string, RuleAlerts>();
  #alerts = 0;

  constructor(outputs: Pick<Output, 'write'>, containers: KnownContainers, options: DeskOptions) {
    this.#outputs = outputs;
    this.#containers = new ContainerWaits(containers, options.patience);
    this.#hostname = options.hostname;
    this.#namesModules = options.namesModules;
    this.#sessions = options.sessions;
    this.#decision = new SessionDecision(options.sessions, (...alert) => this.internal(...alert));
    this.#capture = options.capture;
    this.#respond = options.respond;
  }

  /** Matches of that rule set may come from now on. */
  use(generation: number, modules: readonly RuleModule[]): void {
    const plans = modules.map(({ rules, alternatives = [], sha256 }): ModulePlan => {
      const module = this.#namesModules ? { key: MODULE_FIELD, value: text(`sha256:${sha256}`) } : undefined;
      const planned = rules.map((rule): RulePlan => {
        const { shown, all } = fieldsOf(rule);
        return { rule, keys: all, shown: shown.length, facts: factsAmong(all), module };
      });
      return { rules: planned, conditions: alternatives.map(({ session }) => session) };
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
    const matches = [match, ...(match.otherwise ?? [])].flatMap((each) => this.#conditional(each) ?? []);
    const left = (): number => (match.sessions && this.#sessions?.settledIn(match.sessions)) ?? 0;
    const take = (): void => {
      const found = this.#decision.first(matches);
      if (found) this.#takeSettled(found.match, found.plan);
    };
    if (left() > 0 && this.#sessionWaits.add(left, originOf(match), take)) return;
    take();
  }

  #conditional(match: Match): ConditionalMatch<RulePlan> | undefined {
    const module = this.#plans.get(match.generation)?.[match.module];
    const plan = module?.rules[match.rule];
    const { alternative } = match;
    return plan && { match, plan, condition: alternative === undefined ? undefined : module.conditions[alternative] };
  }

  #takeSettled(match: Match, plan: RulePlan): void {
    const send = (values: Match['values'], reason: string | undefined): void => this.#send(match, plan, values, reason);
    this.#containers.take({ match, keys: plan.keys, send });
  }

  /** A container's runtime has answered, or the API server about its pod. */
  containerKnown(id: string, entry: Uint8Array): void {
    this.#containers.containerKnown(id, entry);
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
    this.#decision.finish();
    this.#containers.end();
  }

  get counters(): DeskCounters {
    const rules = [...this.#byRule.values()];
    return {
      alerts: this.#alerts,
      byRule: new Map(rules.map(({ rule, alerts }) => [rule.name, alerts])),
      rules,
      heldForUser: this.#sessionWaits.total,
      undecidedForUser: this.#decision.undecided,
      ...this.#containers.counters,
    };
  }

  #send(
    match: Match,
    { rule, keys, shown, facts, module }: RulePlan,
    values: Match['values'],
    reason: string | undefined,
  ): void {
    const session = match.sessions && this.#sessions?.factsOf(match.sessions);
    const fields = keys.map((key, index): KeyedValue => {
      const fact = session && facts.get(index);
      return { key, value: fact ? sessionValue(fact, session) : values[index] };
    });
    const { name, priority, source, tags } = rule;
    this.#alerts++;
    this.#byRule.set(name, { rule, alerts: (this.#byRule.get(name)?.alerts ?? 0) + 1 });
    const marked = reason === undefined ? [] : [{ key: REASON_FIELD, value: text(reason) }];
    const added = [...namesBeside(match, keys), ...marked];
    const message = renderMessage(rule.output, fields) + renderFields(added);
    const extra = formattedFields(rule.extra, fields);
    const { time } = match;
    const file = this.#capture?.(rule, { time, message, fields });
    const capture = file === undefined ? [] : [{ key: CAPTURE_FIELD, value: text(file) }];
    const all = [...fields.slice(0, shown), ...added, ...extra, ...(module ? [module] : []), ...capture];
    const details = match.details && alertDetails(rule, match, this.#containers.entryOf(match), session);
    const alert = {
      ...{ time, rule: name, priority, source, tags, hostname: this.#hostname, message, fields: all },
      ...(details && { details }),
    };
    const { acts } = match;
    const isIncomplete = this.#containers.lacksContainer(match);
    if (this.#respond?.(rule, { fields, acts, isIncomplete }, (text) => this.#write(withResponse(alert, text)))) return;
    this.#write(alert);
  }

  #write(alert: Alert): void {
    this.#outputs.write(alert);
  }
}

/** The rule and the session, as a text. */
function originOf({ generation, module, rule, sessions: [innermost] = [] }: Match): string {
  return `${generation} ${module} ${rule} ${innermost?.key}`;
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

/** Both names of a file, where they differ: those that the rule's output doesn't print itself. */
function namesBeside({ names = [] }: Match, printed: readonly string[]): readonly KeyedValue[] {
  return names.filter(({ key }) => !printed.includes(key));
}

function withResponse(alert: Alert, outcome: string): Alert {
  const field = { key: RESPONSE_FIELD, value: text(outcome) };
  return { ...alert, message: alert.message + renderFields([field]), fields: [...alert.fields, field] };
}
