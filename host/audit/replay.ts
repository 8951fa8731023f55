// Evaluates a module of rules on an audit log.

import { AlertDesk, type DeskCounters, type DeskOptions } from '../agent/alerts/alert-desk.ts';
import type { KnownContainers } from '../agent/alerts/container-waits.ts';
import type { RuleModule } from '../agent/modules/rule-module.ts';
import { type AlertExtras, withExtras } from '../outputs/additions.ts';
import type { Output } from '../outputs/output.ts';
import { AuditEventStream, type RefusalKind, type StreamCounters } from './event-stream.ts';
import { logLines } from './events/log-lines.ts';
import { evaluatedRules, GuardedEvaluators, matchOf } from './guarded-evaluators.ts';

export interface AuditAlertOptions {
  /** A module of source k8s_audit. */
  readonly module: RuleModule;
  readonly extras: AlertExtras;
  readonly output: Output;
  readonly ruleMatching: 'first' | 'all';
  readonly isoTime: boolean;
  readonly hostname: string;
  /** The guards of responses, if there are any. */
  readonly guard?: RuleModule | undefined;
  /** Default: nothing is done about alerts. */
  readonly respond?: DeskOptions['respond'];
  /** Called for each text, and each event of it, that is not evaluated. */
  onRefused(kind: RefusalKind, reason: string): void;
}

export interface AuditReplayOptions extends Omit<AuditAlertOptions, 'onRefused'> {
  onRefused(line: number, kind: RefusalKind, reason: string): void;
  /** The replay is to end early. */
  isStopped(): boolean;
}

export interface AuditReplayReport extends StreamCounters {
  readonly alerts: DeskCounters;
  readonly seconds: number;
  readonly isWhole: boolean;
}

/** After so many lines the output may write. */
const LINES_AT_A_TIME = 256;

/** No audit event is of a container. */
export const NO_CONTAINERS: KnownContainers = {
  entry: () => undefined,
  failure: () => undefined,
  podFailure: () => undefined,
};

/** Evaluates the rules on the events that the stream takes; alerts go to the output. */
export function auditAlerts(options: AuditAlertOptions): {
  readonly stream: AuditEventStream;
  readonly desk: AlertDesk;
} {
  const { extras, output, ruleMatching, isoTime, hostname, guard, respond, onRefused } = options;
  const module = { ...options.module, rules: options.module.rules.map((rule) => withExtras(rule, extras)) };
  const desk = new AlertDesk(output, NO_CONTAINERS, {
    ...{ hostname, patience: 0, namesModules: false },
    ...(respond && { respond }),
  });
  desk.use(0, [module]);
  const rules = evaluatedRules({ modules: [module], guard });
  const stream = new AuditEventStream({
    evaluator: new GuardedEvaluators(rules.modules, rules.guard),
    hostname,
    isoTime,
    ruleMatching,
    onMatch: ({ time }, match) => desk.take(matchOf(0, { time, ...match })),
    onRefused,
  });
  return { stream, desk };
}

/** @throws system errors of the file */
export async function replayAuditLog(path: string, options: AuditReplayOptions): Promise<AuditReplayReport> {
  let line = 0;
  const { stream, desk } = auditAlerts({
    ...options,
    onRefused: (kind, reason) => options.onRefused(line, kind, reason),
  });
  const began = performance.now();
  let left = LINES_AT_A_TIME;
  let isWhole = true;
  for (const { number, bytes } of logLines(path)) {
    line = number;
    if (bytes) stream.take(bytes);
    else stream.refuse('too-large', 'the line is too long');
    if (--left > 0) continue;
    left = LINES_AT_A_TIME;
    await options.output.drained?.();
    await new Promise((resolve) => setImmediate(resolve));
    isWhole = !options.isStopped();
    if (!isWhole) break;
  }
  return { ...stream.counters, alerts: desk.counters, seconds: (performance.now() - began) / 1000, isWhole };
}
