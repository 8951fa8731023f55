// What scenarios found, as text: figures, then what had to hold.

import type { Outcome, Scenario } from './scenario.ts';

export function renderOutcome({ name, summary, seconds: bound }: Scenario, outcome: Outcome): string {
  const { figures, checks, seconds } = outcome;
  const width = Math.max(0, ...figures.map(({ what }) => what.length));
  return [
    `${name}: ${summary} (${seconds.toFixed(0)} s of ${bound})`,
    ...figures.map(({ what, value }) => `  ${what.padEnd(width)}  ${value}`),
    ...checks.map(({ what, held, found }) => `  ${held ? '✓' : '✗'} ${what}: ${found}`),
    '',
  ].join('\n');
}

/** Whether all that must hold has held. A scenario that has checked nothing has not. */
export function held({ checks }: Outcome): boolean {
  return checks.length > 0 && checks.every((check) => check.held);
}

/** One line for all that ran. */
export function renderEnd(outcomes: ReadonlyMap<string, Outcome>): string {
  const failed = [...outcomes].filter(([, outcome]) => !held(outcome)).map(([name]) => name);
  const seconds = [...outcomes.values()].reduce((sum, outcome) => sum + outcome.seconds, 0).toFixed(0);
  const all = `${outcomes.size} ${outcomes.size === 1 ? 'scenario' : 'scenarios'} in ${seconds} s`;
  return failed.length === 0 ? `${all}: all that must hold held` : `${all}: FAILED: ${failed.join(', ')}`;
}

/** 1,234,567, whatever the locale. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
