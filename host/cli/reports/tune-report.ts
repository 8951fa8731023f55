// What `wasprey tune` prints, for people and as JSON (host/journal/backtest/README.md).

import { escapeText } from '../../diagnostics/escape.ts';
import { count, number } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { Proposal } from '../../journal/tuning/proposals.ts';
import type { TriedProposal } from '../../journal/tuning/tune.ts';
import { shareNames } from './shares.ts';

export interface ShownProposal {
  readonly proposal: Proposal;
  readonly yaml: string;
  readonly effect: TriedProposal;
}

export interface TuneReport {
  readonly rule: string;
  readonly alerts: number;
  /** What the history lacks for it: without that, it would have fired more often. */
  readonly lacks: readonly string[];
  readonly proposals: readonly ShownProposal[];
}

export function tuneJson({ rule, alerts, lacks, proposals }: TuneReport): object {
  return {
    rule,
    alerts,
    lacks,
    proposals: proposals.map(({ proposal, yaml, effect }) => ({
      fields: proposal.fields,
      values: proposal.values,
      held_back: effect.heldBack,
      left: effect.left,
      left_origins: effect.leftOrigins,
      other_rules: effect.others,
      yaml,
    })),
  };
}

export function renderTune({ rule, alerts, lacks, proposals }: TuneReport, { bold }: Terminal): string {
  const lacking = lacks.map((lack) => `  ${escapeText(lack)}\n`).join('');
  const before = lacking === '' ? '' : `${bold('What the history lacks:')}\n${lacking}\n`;
  const head = `${before}${escapeText(rule)} fired ${count(alerts, 'time')}.`;
  if (alerts === 0) return `${head} There is nothing to tune.\n`;
  if (proposals.length === 0) return `${head} Its alerts have too little in common: no exception is proposed.\n`;
  const parts = proposals.map(({ proposal, yaml, effect }, index) => {
    const percent = Math.round((effect.heldBack / alerts) * 100);
    const by = `${count(proposal.values.length, 'value')} of ${proposal.fields.join(', ')}`;
    return [
      bold(`${index + 1}. holds back ${number(effect.heldBack)} of ${count(alerts, 'alert')} (${percent} %), by ${by}`),
      `   still fires ${count(effect.left, 'time')}${effect.left > 0 ? `: ${shareNames(effect.leftOrigins)}` : ''}`,
      ...effect.others.map(
        (other) =>
          `   ${escapeText(other.rule)} fires ${number(other.tried)} times then, instead of ${number(other.compared)}`,
      ),
      '',
      yaml.trimEnd(),
    ].join('\n');
  });
  return `${[head, ...parts].join('\n\n')}\n`;
}
