// Shares of alerts, by name: the processes, containers or files that a rule fired on most.

import { escapeText } from '../../diagnostics/escape.ts';
import { number } from '../../diagnostics/numbers.ts';
import type { Share } from '../../journal/backtest/figures.ts';

/** Names of a list that are shown. */
const SHOWN_NAMES = 5;

/** The first ones with their numbers of alerts, in one line: `cat (12), sh (3), and 4 more`. */
export function shareNames(shares: readonly Share[]): string {
  const shown = shares.slice(0, SHOWN_NAMES).map(({ name, alerts }) => `${escapeText(name)} (${number(alerts)})`);
  const more = shares.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${number(more)} more`] : [])].join(', ');
}
