// Tuning: what a rule fired on in a history, and exceptions for it, each tried on the same history.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { Difference, type RuleDifference } from '../backtest/difference.ts';
import { type EvaluationOptions, evaluateHistory, type HistoryReport, type Trial } from '../backtest/evaluate.ts';
import { type Share, Shares } from '../backtest/figures.ts';
import { type OriginatedMatch, Origins } from '../backtest/origin.ts';
import { laneRules, type TriedRules } from '../backtest/tried-rules.ts';
import type { HistoryFile } from '../history.ts';
import { AlertGroups } from './alert-groups.ts';
import { type Proposal, proposalsFor } from './proposals.ts';

export interface TuneOptions extends Omit<EvaluationOptions, 'onBlock'> {
  /** ms since the epoch. */
  readonly since?: number;
}

export interface Findings {
  readonly report: HistoryReport;
  readonly alerts: number;
  readonly proposals: readonly Proposal[];
}

/** Finds what the rule fired on. @param listNames of the rules */
export async function findProposals(
  files: readonly HistoryFile[],
  rules: TriedRules,
  rule: string,
  listNames: readonly string[],
  options: TuneOptions = {},
): Promise<Findings> {
  const groups = new AlertGroups();
  const trial = trialOf(rules, options.since, (match, name) => {
    if (name === rule) groups.add(match);
  });
  const report = await evaluateHistory(files, [trial], options);
  return { report, alerts: groups.alerts, proposals: proposalsFor(groups.groups, groups.alerts, listNames) };
}

/** What an exception does when it is applied. */
export interface TriedProposal {
  /** Alerts of the rule that it holds back. */
  readonly heldBack: number;
  /** Those that still fire, by program and place. */
  readonly left: number;
  readonly leftOrigins: readonly Share[];
  /** Alerts of other rules that come or go with it: with `first`, the next rule that matches raises the alert instead. */
  readonly others: readonly RuleDifference[];
}

/** Tries the rules with each exception, all in one reading. @param changed one set of rules for each exception */
export async function tryProposals(
  files: readonly HistoryFile[],
  rules: TriedRules,
  changed: readonly TriedRules[],
  rule: string,
  options: TuneOptions = {},
): Promise<{ readonly report: HistoryReport; readonly tried: readonly TriedProposal[] }> {
  const differences = changed.map(() => new Difference());
  const left = changed.map(() => new Shares());
  const trials = [
    trialOf(rules, options.since, (match, name) => {
      for (const difference of differences) difference.add('compared', name, match);
    }),
    ...changed.map((set, index) =>
      trialOf(set, options.since, (match, name) => {
        differences[index]?.add('tried', name, match);
        if (name === rule) left[index]?.add(`${match.origin.program} in ${match.origin.place}`);
      }),
    ),
  ];
  const report = await evaluateHistory(files, trials, {
    ...options,
    onBlock: (file, milliseconds) => {
      for (const difference of differences) difference.advance(file, milliseconds);
    },
  });
  const tried = differences.map((difference, index): TriedProposal => {
    const all = difference.end();
    const own = all.find((one) => one.rule === rule);
    const others = all.filter((one) => one.rule !== rule && one.added.alerts + one.removed.alerts > 0);
    return {
      heldBack: own?.removed.alerts ?? 0,
      left: own?.tried ?? 0,
      leftOrigins: left[index]?.list ?? [],
      others,
    };
  });
  return { report, tried };
}

function trialOf(
  rules: TriedRules,
  since: number | undefined,
  onMatch: (match: OriginatedMatch, rule: string) => void,
): Trial {
  const origins = new Origins();
  const sinceNs = BigInt(Math.floor(since ?? 0)) * NANOSECONDS_PER_MS;
  return {
    rules: laneRules(rules),
    onMatch(found) {
      const match = origins.of(found);
      const rule = rules.modules[found.module]?.rules[found.rule];
      if (match && rule && match.record.time >= sinceNs) onMatch(match, rule.name);
    },
  };
}
