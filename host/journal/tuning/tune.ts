// Tuning: what a rule fired on in a history, and exceptions for it, each tried on the same history.

import { Difference, type RuleDifference } from '../backtest/difference.ts';
import { type Share, Shares } from '../backtest/figures.ts';
import type { ComparedAlert } from '../backtest/origin.ts';
import { AlertGroups } from './alert-groups.ts';
import type { Aspects } from './aspects.ts';
import { type Proposal, proposalsFor } from './proposals.ts';

/** An alert, with the values that an exception may have. */
export interface TunedAlert extends ComparedAlert {
  /** Values by field; valid during the call. */
  readonly values: () => ReadonlyMap<string, string>;
}

/** Events of one source, on which sets of its rules are tried. */
export interface TunedHistory<Rules, Report> {
  readonly aspects: Aspects;
  /**
   * Evaluates all sets in one reading.
   * @param onAlert gets the number of the set
   * @param onBlock as Difference.advance
   */
  evaluate(
    sets: readonly Rules[],
    onAlert: (set: number, alert: TunedAlert) => void,
    onBlock: (part: number, milliseconds: number) => void,
  ): Promise<Report>;
}

export interface Findings<Report> {
  readonly report: Report;
  readonly alerts: number;
  readonly proposals: readonly Proposal[];
}

/** Finds what the rule fired on. @param listNames of the rules */
export async function findProposals<Rules, Report>(
  history: TunedHistory<Rules, Report>,
  rules: Rules,
  rule: string,
  listNames: readonly string[],
): Promise<Findings<Report>> {
  const { aspects } = history;
  const groups = new AlertGroups(aspects);
  const onAlert = (_: number, alert: TunedAlert): void => {
    if (alert.rule === rule) groups.add(alert.values());
  };
  const report = await history.evaluate([rules], onAlert, () => {});
  const { alerts } = groups;
  return { report, alerts, proposals: proposalsFor(aspects, groups.groups, alerts, listNames) };
}

/** What an exception does when it is applied. */
export interface TriedProposal {
  /** Alerts of the rule that it holds back. */
  readonly heldBack: number;
  /** Alerts that still fire, and their origins: by program or user, and place. */
  readonly left: number;
  readonly leftOrigins: readonly Share[];
  /** Alerts of other rules that come or go with it: with `first`, the next rule that matches raises the alert instead. */
  readonly others: readonly RuleDifference[];
}

/** Tries the rules with each exception, all in one reading. @param changed one set of rules for each exception */
export async function tryProposals<Rules, Report>(
  history: TunedHistory<Rules, Report>,
  rules: Rules,
  changed: readonly Rules[],
  rule: string,
): Promise<{ readonly report: Report; readonly tried: readonly TriedProposal[] }> {
  const differences = changed.map(() => new Difference());
  const left = changed.map(() => new Shares());
  const onAlert = (set: number, alert: TunedAlert): void => {
    if (set === changed.length) {
      for (const difference of differences) difference.add('compared', alert);
      return;
    }
    differences[set]?.add('tried', alert);
    if (alert.rule === rule) left[set]?.add(alert.origin);
  };
  const report = await history.evaluate([...changed, rules], onAlert, (part, milliseconds) => {
    for (const difference of differences) difference.advance(part, milliseconds);
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
