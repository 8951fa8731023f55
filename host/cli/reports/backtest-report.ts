// What `wasprey backtest` prints, for people and as JSON (host/journal/backtest/README.md).

import { durationText } from '../../config-values/duration.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { count, number, sum } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { BacktestResult, RuleResult } from '../../journal/backtest/backtest.ts';
import type { OneSided, RuleDifference } from '../../journal/backtest/difference.ts';
import type { HistoryReport } from '../../journal/backtest/evaluate.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { shareNames } from './shares.ts';

/** Characters of an example's text; --json has all of it. */
const LONGEST_EXAMPLE = 300;
const LISTED_DAMAGE = 5;
const DAY_MS = 86_400_000;

export interface BacktestReport {
  readonly result: BacktestResult;
  /** Paths of the files that were read. */
  readonly paths: readonly string[];
  readonly span: TimeSpan;
  /** Hides secrets on command lines, in examples. */
  readonly mask: SecretMask;
}

/** In ms since the epoch. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

export function backtestJson(given: BacktestReport): object {
  const { result, paths, mask } = given;
  const { report, rules, differences } = result;
  const { from, to } = given.span;
  return {
    from: time(from),
    to: time(to),
    files: paths,
    events: report.events,
    events_lost: report.lost,
    seconds: Number(report.seconds.toFixed(3)),
    complete: isComplete(report),
    damage: report.damage,
    rules: rules.map(({ rule, figures, lacks }) => ({
      rule: rule.name,
      priority: rule.priority,
      lacks,
      alerts: figures.alerts,
      most_on_a_day: figures.mostOnADay,
      ...(figures.times && { first: time(figures.times.first), last: time(figures.times.last) }),
      places: figures.places.list,
      [figures.actorsAre]: figures.actors.list,
      examples: figures.examples.map((example) => ({ time: time(example.time), output: mask.message(example.text) })),
    })),
    ...(differences && { differences }),
  };
}

/** Whether its figures are those of everything that was recorded. */
function isComplete({ damage, setAside, isPartial }: HistoryReport): boolean {
  return damage.length === 0 && setAside.size === 0 && !isPartial;
}

export function renderBacktest(given: BacktestReport, { bold }: Terminal): string {
  const { result, paths, mask } = given;
  const { report, rules, differences } = result;
  const { from, to } = given.span;
  const speed = number(Math.round(report.events / Math.max(report.seconds, 0.001)));
  const lines = [
    `${count(rules.length, 'rule')} on ${count(paths.length, 'file')}, ${time(from)} to ${time(to)} (${spanText(to - from)}).`,
    `${count(report.events, 'event')} in ${report.seconds.toFixed(1)} s (${speed} events/s).`,
    ...troubles(report),
  ];
  const lacking = rules.filter(({ lacks }) => lacks.length > 0);
  if (lacking.length > 0) lines.push('', bold('What the history lacks:'), ...lacking.flatMap(lackLines));
  const fired = rules.filter(({ figures }) => figures.alerts > 0).sort((a, b) => b.figures.alerts - a.figures.alerts);
  const total = sum(fired.map(({ figures }) => figures.alerts));
  lines.push('', `${count(fired.length, 'rule')} would have fired, ${count(total, 'time')} in all.`);
  for (const one of fired) lines.push('', ...ruleLines(one, mask, bold));
  if (differences) lines.push('', ...differenceLines(differences, bold));
  return `${lines.join('\n')}\n`;
}

function spanText(milliseconds: number): string {
  if (milliseconds >= DAY_MS) return `${(milliseconds / DAY_MS).toFixed(1)} days`;
  return durationText(Math.round(milliseconds / 1000) * 1000);
}

function troubles({ damage, setAside, lost, leftOut, isPartial }: HistoryReport): string[] {
  return [
    ...(isPartial ? ['The evaluation was stopped before the end: the figures cover only a part.'] : []),
    ...(lost > 0 ? [`${count(lost, 'event')} were lost when they were recorded.`] : []),
    ...(leftOut > 0 ? [`${count(leftOut, 'event')} have types that this version does not know.`] : []),
    ...damage.slice(0, LISTED_DAMAGE).map(({ path, reason }) => `Damaged: ${escapeText(path)}: ${escapeText(reason)}.`),
    ...(damage.length > LISTED_DAMAGE ? [`Damaged: ${count(damage.length - LISTED_DAMAGE, 'more place')}.`] : []),
    ...[...setAside].map(
      ([module, reason]) => `${escapeText(module)} failed (${escapeText(reason)}): its figures are incomplete.`,
    ),
  ];
}

function lackLines({ rule, lacks }: RuleResult): string[] {
  return [`  ${escapeText(rule.name)}`, ...lacks.map((lack) => `      ${lack}`)];
}

function ruleLines({ rule, figures }: RuleResult, mask: SecretMask, bold: (text: string) => string): string[] {
  const { times, places, actors, actorsAre, examples, alerts, mostOnADay } = figures;
  return [
    `${bold(escapeText(rule.name))} (${rule.priority}): ${count(alerts, 'alert')}, at most ${number(mostOnADay)} on a day`,
    ...(times ? [`  first     ${time(times.first)}`, `  last      ${time(times.last)}`] : []),
    `  where     ${shareNames(places.list)}`,
    `  ${actorsAre.padEnd(8)}  ${shareNames(actors.list)}`,
    ...examples.map(
      (example) => `  example   ${time(example.time)} ${shortened(escapeText(mask.message(example.text)))}`,
    ),
  ];
}

function shortened(text: string): string {
  return text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE)}...` : text;
}

function differenceLines(differences: readonly RuleDifference[], bold: (text: string) => string): string[] {
  const changed = differences.filter(({ added, removed }) => added.alerts + removed.alerts > 0);
  const same = differences.length - changed.length;
  const head = bold('Compared:');
  if (changed.length === 0) return [`${head} the same alerts.`];
  return [
    `${head} ${count(changed.length, 'rule')} fired differently, ${number(same)} the same.`,
    ...changed.flatMap(({ rule, tried, compared, added, removed }) => [
      `  ${escapeText(rule)}: ${count(tried, 'alert')}, instead of ${number(compared)}`,
      ...sideLine('new ', added),
      ...sideLine('gone', removed),
    ]),
  ];
}

function sideLine(word: string, { alerts, origins }: OneSided): string[] {
  return alerts === 0 ? [] : [`    ${word}  ${number(alerts)}: ${shareNames(origins)}`];
}

/** ISO 8601 in UTC. */
function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
