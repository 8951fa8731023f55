// Makes alerts of matches and hands them to the outputs. Alerts whose container is not known yet wait here for a while.

import type { Priority } from '../compiler/items.ts';
import type { Match, PendingContainer } from '../engine/protocol.ts';
import { text } from '../fields/value.ts';
import { completeValues } from '../metadata/complete-alert.ts';
import type { Alert } from '../outputs/alert.ts';
import { type KeyedValue, renderFields, renderMessage, templateFields } from '../outputs/message.ts';
import type { Output } from '../outputs/output.ts';
import { CONTAINER, POD_STATE } from '../schema/container.ts';
import { member } from '../schema/layout.ts';
import type { RuleInfo, RuleModule } from './rule-module.ts';

/** How long an alert waits for what the container's runtime says. */
const HOLD_MS = 1000;
/** Alerts that may wait at a time; more go out with what is known. */
const HELD_AT_ONCE = 1024;

/** Field of an alert that names the module whose rule it is of, where that is not clear: several are loaded, or they were replaced. */
export const MODULE_FIELD = 'wasprey.module';

const POD_STATE_AT = member(CONTAINER, 'pod_state').offset;

interface RulePlan {
  readonly rule: RuleInfo;
  readonly keys: readonly string[];
  readonly module: KeyedValue | undefined;
}

interface HeldAlert {
  readonly match: Match;
  readonly plan: RulePlan;
  readonly timer: NodeJS.Timeout;
}

export interface RuleAlerts {
  readonly rule: RuleInfo;
  readonly alerts: number;
}

export interface DeskCounters {
  readonly alerts: number;
  /** By rule name. */
  readonly byRule: ReadonlyMap<string, number>;
  /** The same with what is known of each rule. */
  readonly rules: readonly RuleAlerts[];
  /** Alerts that waited for a container's metadata, and of those the ones that went out without. */
  readonly held: number;
  readonly heldInVain: number;
}

/** The fields to read from a match of each rule, in the order in which Match.values has them. */
export function ruleFields(rule: RuleInfo): string[] {
  return templateFields(rule.output);
}

export class AlertDesk {
  /** By generation of the rule set, module and rule. */
  readonly #plans = new Map<number, readonly (readonly RulePlan[])[]>();
  readonly #outputs: readonly Output[];
  readonly #hostname: string;
  readonly #entry: (container: string) => Uint8Array | undefined;
  readonly #held = new Map<string, Set<HeldAlert>>();
  readonly #byRule = new Map<string, RuleAlerts>();
  #heldNow = 0;
  #alerts = 0;
  #heldTotal = 0;
  #heldInVain = 0;

  /** `entry` gives what the runtimes have told about a container so far. */
  constructor(outputs: readonly Output[], hostname: string, entry: (container: string) => Uint8Array | undefined) {
    this.#outputs = outputs;
    this.#hostname = hostname;
    this.#entry = entry;
  }

  /** Matches of that rule set may come from now on. */
  use(generation: number, modules: readonly RuleModule[]): void {
    const isNamed = generation > 0 || modules.length > 1;
    const plans = modules.map(({ rules, sha256 }) => {
      const module = isNamed ? { key: MODULE_FIELD, value: text(`sha256:${sha256}`) } : undefined;
      return rules.map((rule): RulePlan => ({ rule, keys: ruleFields(rule), module }));
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
    const { pending } = match;
    const entry = pending && this.#entry(pending.id);
    if (!pending || (entry && answers(entry, pending))) this.#send(match, plan, entry);
    else if (this.#heldNow < HELD_AT_ONCE) this.#hold(match, plan, pending.id);
    else {
      this.#heldInVain++;
      this.#send(match, plan, entry);
    }
  }

  /** A container's runtime has answered, or the API server about its pod. */
  containerKnown(id: string, entry: Uint8Array): void {
    const waiting = this.#held.get(id);
    for (const held of waiting ?? []) {
      if (held.match.pending && !answers(entry, held.match.pending)) continue;
      waiting?.delete(held);
      clearTimeout(held.timer);
      this.#heldNow--;
      this.#send(held.match, held.plan, entry);
    }
    if (waiting?.size === 0) this.#held.delete(id);
  }

  /** An alert of the agent's own. */
  internal(rule: string, priority: Priority, message: string, fields: readonly KeyedValue[] = []): void {
    this.#write({
      time: BigInt(Date.now()) * 1_000_000n,
      rule,
      priority,
      source: 'internal',
      tags: undefined,
      hostname: this.#hostname,
      message,
      fields,
    });
  }

  /** Sends out what still waits, as it is. */
  close(): void {
    for (const waiting of this.#held.values()) for (const held of waiting) this.#giveUp(held);
    this.#held.clear();
  }

  get counters(): DeskCounters {
    const rules = [...this.#byRule.values()];
    const byRule = new Map(rules.map(({ rule, alerts }) => [rule.name, alerts]));
    return { alerts: this.#alerts, byRule, rules, held: this.#heldTotal, heldInVain: this.#heldInVain };
  }

  #hold(match: Match, plan: RulePlan, container: string): void {
    const timer = setTimeout(() => {
      this.#held.get(container)?.delete(held);
      this.#giveUp(held);
    }, HOLD_MS);
    const held: HeldAlert = { match, plan, timer };
    const waiting = this.#held.get(container);
    if (waiting) waiting.add(held);
    else this.#held.set(container, new Set([held]));
    this.#heldNow++;
    this.#heldTotal++;
  }

  #giveUp({ match, plan, timer }: HeldAlert): void {
    clearTimeout(timer);
    this.#heldNow--;
    this.#heldInVain++;
    // The runtime may have answered, and the API server not.
    this.#send(match, plan, match.pending && this.#entry(match.pending.id));
  }

  #send(match: Match, { rule, keys, module }: RulePlan, entry: Uint8Array | undefined): void {
    const { pending, time } = match;
    const values = pending && entry ? completeValues(keys, match.values, entry, pending.moment) : match.values;
    const fields = keys.map((key, index): KeyedValue => ({ key, value: values[index] }));
    const { name, priority, source, tags } = rule;
    this.#alerts++;
    this.#byRule.set(name, { rule, alerts: (this.#byRule.get(name)?.alerts ?? 0) + 1 });
    const added = namesBeside(match, keys);
    const message = renderMessage(rule.output, fields) + renderFields(added);
    const all = [...fields, ...added, ...(module ? [module] : [])];
    this.#write({ time, rule: name, priority, source, tags, hostname: this.#hostname, message, fields: all });
  }

  #write(alert: Alert): void {
    for (const output of this.#outputs) output.write(alert);
  }
}

/** Whether the entry says all that the alert waits for. */
function answers(entry: Uint8Array, { printsPod }: PendingContainer): boolean {
  return !(printsPod && entry[POD_STATE_AT] === POD_STATE.PENDING);
}

/** Both names of a file, where they differ: those that the rule's output doesn't print itself. */
function namesBeside({ names = [] }: Match, printed: readonly string[]): readonly KeyedValue[] {
  return names.filter(({ key }) => !printed.includes(key));
}
