// The backtest: what rules would have done on a history, and what those do that they are compared with.

import type { HistoryFile } from '../history.ts';
import { Difference, type RuleDifference, type Side } from './difference.ts';
import { type EvaluationOptions, evaluateHistory, type HistoryReport, type Trial } from './evaluate.ts';
import { type AlertFigures, RuleFigures } from './figures.ts';
import { lacksOf } from './lacks.ts';
import { comparedAlert, type OriginatedMatch } from './origin.ts';
import { trialSince } from './trial.ts';
import { rulesOf, type TriedRule, type TriedRules } from './tried-rules.ts';

export interface RuleResult {
  readonly rule: Pick<TriedRule, 'name' | 'priority'>;
  readonly figures: AlertFigures;
  /** What the history lacks for it. */
  readonly lacks: readonly string[];
}

export interface BacktestResult {
  readonly report: HistoryReport;
  /** Results of the tried rules, in their order. */
  readonly rules: readonly RuleResult[];
  /** Differences by rule of either set; undefined if there is nothing to compare with. Rules that never fire in either have none. */
  readonly differences: readonly RuleDifference[] | undefined;
}

export interface BacktestOptions extends Omit<EvaluationOptions, 'onBlock'> {
  /** Alerts before this time do not count, in ms since the epoch. */
  readonly since?: number;
  /** Called for each match of the tried rules; its record is valid during the call. */
  readonly onMatch?: (rule: TriedRule, match: OriginatedMatch) => void;
}

/** @param files at least one */
export async function backtest(
  files: readonly HistoryFile[],
  tried: TriedRules,
  compared: TriedRules | undefined,
  { since, onMatch, ...options }: BacktestOptions = {},
): Promise<BacktestResult> {
  const figures = new Map(rulesOf(tried).map((rule) => [rule, new RuleFigures(rule)]));
  const difference = compared && new Difference();
  const trial = (rules: TriedRules, side: Side): Trial =>
    trialSince(rules, since, (rule, match) => {
      if (side === 'tried') {
        figures.get(rule)?.add(match);
        onMatch?.(rule, match);
      }
      difference?.add(side, comparedAlert(rule.name, match));
    });
  const trials = [trial(tried, 'tried'), ...(compared ? [trial(compared, 'compared')] : [])];
  const report = await evaluateHistory(files, trials, {
    ...options,
    onBlock: (file, milliseconds) => difference?.advance(file, milliseconds),
  });
  return {
    report,
    rules: [...figures].map(([rule, own]) => ({ rule, figures: own, lacks: lacksOf(rule, files) })),
    differences: difference?.end(),
  };
}
