// Evaluates sets of rules on the audit events that a journal has, as they were evaluated when they came.

import { setImmediate } from 'node:timers/promises';
import type { RuleInfo } from '../agent/modules/rule-module.ts';
import type { SourceRules } from '../agent/sources/other-source.ts';
import { AuditEventStream } from '../audit/event-stream.ts';
import { evaluatedRules, GuardedEvaluators, matchOf } from '../audit/guarded-evaluators.ts';
import { count } from '../diagnostics/numbers.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { MatchToActOn } from '../engine/messages/match.ts';
import type { RuleMatching } from '../engine/messages/protocol.ts';
import { valueText } from '../fields/text.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { decode } from '../fields/value.ts';
import { AuditFileReader } from '../journal/audit/audit-files.ts';
import type { FileDamage } from '../journal/backtest/evaluate.ts';
import type { ComparedAlert } from '../journal/backtest/origin.ts';
import { AUDIT_ASPECTS, fieldsOfAspects } from '../journal/tuning/aspects.ts';
import { fieldsOf } from '../outputs/additions.ts';
import type { KeyedValue } from '../outputs/message.ts';

const NEWLINE = 0x0a;
/** Characters of a name in figures, where many are counted: clients of an API server may send names of 200,000. */
const LONGEST_NAME = 256;
/** What is read of each alert, besides what it shows. */
const READ = [...new Set([...fieldsOfAspects(AUDIT_ASPECTS), 'ka.target.resource'])];

/** An alert of the past. */
export interface AuditAlert {
  readonly rule: RuleInfo;
  readonly compared: ComparedAlert;
  /** ms since the epoch. */
  readonly time: number;
  /** A pod, a namespace, or `cluster`. */
  readonly place: string;
  readonly user: string;
  /** All that were read. */
  readonly fields: readonly KeyedValue[];
  /** Fields as texts, those that the event has. */
  readonly texts: ReadonlyMap<string, string>;
  /** What the guards of its responses say. */
  readonly acts: MatchToActOn | undefined;
}

export interface AuditReadingOptions {
  /** Events before this time do not count, in ms since the epoch. */
  readonly since?: number | undefined;
  readonly ruleMatching: RuleMatching;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Called after each block: the alerts on its events, and on those before, are all there. */
  readonly onBlock?: ((block: number) => void) | undefined;
}

export interface AuditReport {
  readonly events: number;
  /** Events that could not be kept. */
  readonly lost: number;
  readonly damage: readonly FileDamage[];
  /** Time of the first and the last event, in ms since the epoch; undefined: there are none. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  readonly isPartial: boolean;
}

/** @param paths in order of time */
export async function evaluateAuditHistory(
  paths: readonly string[],
  sets: readonly SourceRules[],
  onAlert: (set: number, alert: AuditAlert) => void,
  { since = Number.NEGATIVE_INFINITY, ruleMatching, signal, onBlock }: AuditReadingOptions,
): Promise<AuditReport> {
  const damage: FileDamage[] = [];
  const readers = sets.map(
    (rules, set) => new AuditSetReader(rules, { since, ruleMatching, onAlert: (alert) => onAlert(set, alert) }),
  );
  let [lost, blocks] = [0, 0];
  for (const path of paths) {
    if (signal.aborted) break;
    const file = readerOf(path, damage);
    if (!file) continue;
    for (const block of file.blocks()) {
      for (const reader of readers) reader.take(block);
      onBlock?.(++blocks);
      await setImmediate();
      if (signal.aborted) break;
    }
    lost += file.leftOut;
    damage.push(...file.damage.map(({ reason }) => ({ path, reason })));
  }
  const failures = new Set(readers.flatMap((reader) => reader.failures));
  damage.push(...[...failures].map((reason) => ({ path: 'audit events', reason })));
  const { events = 0, span } = readers[0] ?? {};
  return { events, lost, damage, span, isPartial: signal.aborted };
}

/** An agent removes files meanwhile, and others can't be read. */
function readerOf(path: string, damage: FileDamage[]): AuditFileReader | undefined {
  try {
    return new AuditFileReader(path);
  } catch (error) {
    damage.push({ path, reason: reasonOf(error) });
    return undefined;
  }
}

interface SetOptions {
  readonly since: number;
  readonly ruleMatching: RuleMatching;
  readonly onAlert: (alert: AuditAlert) => void;
}

/** One set of rules on the events. */
class AuditSetReader {
  readonly #stream: AuditEventStream;
  readonly #failures = new Map<string, number>();
  #events = 0;
  #taken = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;

  constructor({ modules, guard }: SourceRules, { since, ruleMatching, onAlert }: SetOptions) {
    const read = modules.map((module) => ({ ...module, rules: module.rules.map(withOwnFields) }));
    const plans = read.map(({ rules }) => rules.map((rule) => ({ rule, keys: fieldsOf(rule).all })));
    const evaluated = evaluatedRules({ modules: read, guard });
    this.#stream = new AuditEventStream({
      evaluator: new GuardedEvaluators(evaluated.modules, evaluated.guard),
      ...{ hostname: 'localhost', isoTime: false, ruleMatching },
      onEvaluated: (_, event) => {
        this.#taken++;
        const time = Number(event.time / NANOSECONDS_PER_MS);
        if (time < since) return;
        this.#events++;
        this.#from = Math.min(this.#from, time);
        this.#to = Math.max(this.#to, time);
      },
      onMatch: (event, match) => {
        const time = Number(event.time / NANOSECONDS_PER_MS);
        const plan = plans[match.module]?.[match.rule];
        if (time < since || !plan) return;
        const fields = plan.keys.map((key, index) => ({ key, value: match.values[index] }));
        const { acts } = matchOf(0, { time: event.time, ...match });
        onAlert(alertOf(plan.rule, `${this.#taken}`, { time, fields, acts }));
      },
      onRefused: (_, reason) => this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1),
    });
  }

  get events(): number {
    return this.#events;
  }

  get span(): AuditReport['span'] {
    return this.#events > 0 ? { from: this.#from, to: this.#to } : undefined;
  }

  get failures(): readonly string[] {
    return [...this.#failures].map(([reason, times]) => `${count(times, 'event')} could not be evaluated: ${reason}`);
  }

  /** @param bytes lines of JSON */
  take(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, from);
      const end = found < 0 ? bytes.length : found;
      if (end > from) this.#stream.take(bytes.subarray(from, end));
      from = end + 1;
    }
  }
}

function withOwnFields(rule: RuleInfo): RuleInfo {
  const { fields = [], formatted = [], hidden = [] } = rule.extra ?? {};
  return { ...rule, extra: { fields, formatted, hidden: [...hidden, ...READ] } };
}

function alertOf(rule: RuleInfo, event: string, found: Pick<AuditAlert, 'time' | 'fields' | 'acts'>): AuditAlert {
  const texts = new Map(found.fields.flatMap(({ key, value }) => (value ? [[key, decode(valueText(value))]] : [])));
  const [place, user] = [shortened(placeOf(texts)), shortened(texts.get('ka.user.name') ?? 'nobody')];
  return { ...found, rule, texts, place, user, compared: { rule: rule.name, event, origin: `${user} in ${place}` } };
}

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;
}

function placeOf(texts: ReadonlyMap<string, string>): string {
  const [namespace, name] = [texts.get('ka.target.namespace'), texts.get('ka.target.name')];
  if (namespace === undefined) return 'cluster';
  return texts.get('ka.target.resource') === 'pods' && name !== undefined ? `${namespace}/${name}` : namespace;
}
