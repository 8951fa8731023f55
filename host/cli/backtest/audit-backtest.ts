// Tries rules on the audit events that a journal has: the same events raise the same alerts as in `wasprey run`.

import { setImmediate } from 'node:timers/promises';
import type { RuleModule } from '../../agent/rule-module.ts';
import { AuditEventStream } from '../../audit/event-stream.ts';
import { evaluatedRules, GuardedEvaluators } from '../../audit/guarded-evaluators.ts';
import { count } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { RuleMatching } from '../../engine/protocol.ts';
import { valueText } from '../../fields/text.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { decode } from '../../fields/value.ts';
import { AuditFileReader } from '../../journal/audit/audit-files.ts';
import type { RuleResult } from '../../journal/backtest/backtest.ts';
import type { FileDamage } from '../../journal/backtest/evaluate.ts';
import { AlertFigures } from '../../journal/backtest/figures.ts';
import { fieldsOf } from '../../outputs/additions.ts';
import { renderMessage } from '../../outputs/message.ts';

export interface AuditBacktestOptions {
  /** Events before this time do not count, in ms since the epoch. */
  readonly since?: number | undefined;
  readonly ruleMatching: RuleMatching;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export interface AuditBacktest {
  readonly rules: readonly RuleResult[];
  readonly events: number;
  /** Events that could not be kept. */
  readonly lost: number;
  readonly damage: readonly FileDamage[];
  /** Time of the first and the last event, in ms since the epoch; undefined: there are none. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
  readonly isPartial: boolean;
}

/** By which alerts are counted. */
const ORIGIN = {
  user: 'ka.user.name',
  resource: 'ka.target.resource',
  namespace: 'ka.target.namespace',
  name: 'ka.target.name',
} as const;
const NEWLINE = 0x0a;

/** @param paths in order of time */
export async function auditBacktest(
  paths: readonly string[],
  module: RuleModule,
  { since = Number.NEGATIVE_INFINITY, ruleMatching, signal }: AuditBacktestOptions,
): Promise<AuditBacktest> {
  const hidden = Object.values(ORIGIN);
  const rules = module.rules.map((rule) => ({ ...rule, extra: { fields: [], formatted: [], hidden } }));
  const results = rules.map((rule) => ({ rule, keys: fieldsOf(rule).all, figures: new AlertFigures('users') }));
  const [failures, damage]: [Map<string, number>, FileDamage[]] = [new Map(), []];
  let [lost, events, from, to] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const stream = new AuditEventStream({
    evaluator: new GuardedEvaluators(evaluatedRules({ modules: [{ ...module, rules }] }).modules),
    ...{ hostname: 'localhost', isoTime: false, ruleMatching },
    onEvaluated: (_, event) => {
      const time = Number(event.time / NANOSECONDS_PER_MS);
      if (time < since) return;
      events++;
      [from, to] = [Math.min(from, time), Math.max(to, time)];
    },
    onMatch: (event, match) => {
      const time = Number(event.time / NANOSECONDS_PER_MS);
      const result = results[match.rule];
      if (time < since || !result) return;
      const fields = result.keys.map((key, index) => ({ key, value: match.values[index] }));
      const texts = new Map(fields.flatMap(({ key, value }) => (value ? [[key, decode(valueText(value))]] : [])));
      const actor = texts.get(ORIGIN.user) ?? 'nobody';
      result.figures.count({
        time,
        place: placeOf(texts),
        actor,
        text: () => renderMessage(result.rule.output, fields),
      });
    },
    onRefused: (_, reason) => failures.set(reason, (failures.get(reason) ?? 0) + 1),
  });
  for (const path of paths) {
    if (signal.aborted) break;
    const file = readerOf(path, damage);
    if (!file) continue;
    for (const block of file.blocks()) {
      takeLines(stream, block);
      await setImmediate();
      if (signal.aborted) break;
    }
    lost += file.leftOut;
    damage.push(...file.damage.map(({ reason }) => ({ path, reason })));
  }
  for (const [reason, times] of failures) {
    damage.push({ path: 'audit events', reason: `${count(times, 'event')} could not be evaluated: ${reason}` });
  }
  const lacks = lacksOf(events, from, since, lost);
  return {
    rules: results.map(({ rule, figures }) => ({ rule, figures, lacks })),
    ...{ events, lost, damage, isPartial: signal.aborted },
    span: events > 0 ? { from, to } : undefined,
  };
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

function takeLines(stream: AuditEventStream, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, from);
    const end = found < 0 ? bytes.length : found;
    if (end > from) stream.take(bytes.subarray(from, end));
    from = end + 1;
  }
}

function placeOf(texts: ReadonlyMap<string, string>): string {
  const [namespace, name] = [texts.get(ORIGIN.namespace), texts.get(ORIGIN.name)];
  if (namespace === undefined) return 'cluster';
  return texts.get(ORIGIN.resource) === 'pods' && name !== undefined ? `${namespace}/${name}` : namespace;
}

/** What the history lacks for each of the rules. */
function lacksOf(events: number, from: number, since: number, lost: number): readonly string[] {
  if (events === 0) return ['no audit events are kept: an agent that receives them keeps them beside its journal'];
  const begin = new Date(from).toISOString();
  return [
    ...(from - since > 60_000 && since > 0 ? [`audit events before ${begin}: the ones that are kept begin then`] : []),
    ...(lost > 0 ? [`${count(lost, 'audit event')} that could not be kept`] : []),
  ];
}
