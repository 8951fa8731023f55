// Tries rules on the audit events that a journal has: the same events raise the same alerts as in `wasprey run`.

import type { RuleInfo } from '../agent/modules/rule-module.ts';
import type { SourceRules } from '../agent/sources/other-source.ts';
import { count } from '../diagnostics/numbers.ts';
import type { RuleResult } from '../journal/backtest/backtest.ts';
import { Difference, type RuleDifference } from '../journal/backtest/difference.ts';
import { AlertFigures } from '../journal/backtest/figures.ts';
import { renderMessage } from '../outputs/message.ts';
import { type AuditAlert, type AuditReadingOptions, type AuditReport, evaluateAuditHistory } from './audit-history.ts';

export interface AuditBacktestOptions extends Omit<AuditReadingOptions, 'onBlock'> {
  /** Called for each alert of the tried rules. */
  readonly onAlert?: ((alert: AuditAlert) => void) | undefined;
}

export interface AuditBacktest extends AuditReport {
  readonly rules: readonly RuleResult[];
  /** Undefined if there is nothing to compare with. */
  readonly differences: readonly RuleDifference[] | undefined;
}

/** @param paths in order of time */
export async function auditBacktest(
  paths: readonly string[],
  tried: SourceRules,
  compared: SourceRules | undefined,
  { onAlert, ...options }: AuditBacktestOptions,
): Promise<AuditBacktest> {
  const figures = new Map(
    tried.modules.flatMap(({ rules }) =>
      rules.map(({ name, priority }) => [name, resultOf({ name, priority })] as const),
    ),
  );
  const difference = compared && new Difference();
  const report = await evaluateAuditHistory(
    paths,
    [tried, ...(compared ? [compared] : [])],
    (set, alert) => {
      difference?.add(set === 0 ? 'tried' : 'compared', alert.compared);
      if (set > 0) return;
      const { rule, time, place, user: actor, fields } = alert;
      figures.get(rule.name)?.figures.count({ time, place, actor, text: () => renderMessage(rule.output, fields) });
      onAlert?.(alert);
    },
    { ...options, onBlock: (block) => difference?.advance(block, 0) },
  );
  const lacks = lacksOf(report, options.since ?? 0);
  return {
    ...report,
    rules: [...figures.values()].map((result) => ({ ...result, lacks })),
    differences: difference?.end(),
  };
}

function resultOf(rule: Pick<RuleInfo, 'name' | 'priority'>): Omit<RuleResult, 'lacks'> {
  return { rule, figures: new AlertFigures('users') };
}

/** What the history lacks for each of the rules. */
function lacksOf({ events, span, lost }: AuditReport, since: number): readonly string[] {
  if (!span || events === 0)
    return ['no audit events are kept: an agent that receives them keeps them beside its journal'];
  const begin = new Date(span.from).toISOString();
  return [
    ...(span.from - since > 60_000 && since > 0
      ? [`audit events before ${begin}: the ones that are kept begin then`]
      : []),
    ...(lost > 0 ? [`${count(lost, 'audit event')} that could not be kept`] : []),
  ];
}
