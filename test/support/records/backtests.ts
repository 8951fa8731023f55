// Backtests of recordings made for tests.

import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { triedRules } from '../../../host/agent/rules/tried-modules.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { type BacktestOptions, type BacktestResult, backtest } from '../../../host/journal/backtest/backtest.ts';
import { findHistory } from '../../../host/journal/history.ts';

export interface BacktestSettings extends BacktestOptions {
  readonly ruleMatching?: RuleMatching;
  readonly compared?: RuleModule;
}

/** A backtest of these files. */
export function backtestOn(
  paths: readonly string[],
  module: RuleModule,
  { ruleMatching = 'first', compared, ...options }: BacktestSettings = {},
): Promise<BacktestResult> {
  const { files } = findHistory(paths);
  return backtest(files, triedRules([module], ruleMatching), compared && triedRules([compared], ruleMatching), options);
}

/** Alerts by the name of the rule, rules that did not fire left out. */
export function alertsOf({ rules }: BacktestResult): Record<string, number> {
  const fired = rules.filter(({ figures }) => figures.alerts > 0);
  return Object.fromEntries(fired.map(({ rule, figures }) => [rule.name, figures.alerts]));
}

/** How often the rules of JSON lines stand in them. */
export function byRule(lines: readonly string[]): Record<string, number> {
  const counts = Map.groupBy(lines, (line) => (JSON.parse(line) as { rule: string }).rule);
  return Object.fromEntries([...counts].map(([rule, all]) => [rule, all.length]));
}
