// What changed in an agent between two looks at it, rule by rule.

import type { AgentStatus, RuleStatus } from '../../daemon/control/status.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { columns } from '../../diagnostics/layout.ts';
import { count, number } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';

export type TopOrder = 'cost' | 'alerts';

interface Row {
  readonly rule: RuleStatus;
  /** ms of evaluation a second, and alerts, between the two. */
  readonly cost: number;
  readonly alerts: number;
}

/** Counters that were reset, because the agent restarted or its rules were replaced, count from 0. */
export function renderTop(before: AgentStatus, now: AgentStatus, order: TopOrder, rows: number, terminal: Terminal) {
  const seconds = Math.max(0.001, (now.nowMs - before.nowMs) / 1000);
  const same = before.pid === now.pid;
  const earlier = new Map(
    same && before.generation === now.generation
      ? before.rules.map((rule) => [`${rule.module}\0${rule.name}`, rule])
      : [],
  );
  const all = now.rules.map((rule): Row => {
    const known = earlier.get(`${rule.module}\0${rule.name}`);
    return {
      rule,
      cost: Math.max(0, rule.estimatedMs - (known?.estimatedMs ?? 0)) / seconds,
      alerts: Math.max(0, rule.alerts - (known?.alerts ?? 0)),
    };
  });
  const shown = all.toSorted((one, other) => other[order] - one[order]).slice(0, rows);
  const rate = (key: keyof AgentStatus['events']): string =>
    number(Math.round(Math.max(0, now.events[key] - (same ? before.events[key] : 0)) / seconds));
  const cost = all.reduce((sum, row) => sum + row.cost, 0);
  const head =
    `events a second: ${rate('produced')} produced, ${rate('evaluated')} evaluated, ${rate('filtered')} filtered, ` +
    `${rate('dropped')} dropped\nevaluation: ${(cost / 10).toFixed(2)} % of a core, by ${count(all.length, 'rule')}\n`;
  const table = [
    ['cost', 'of all', 'alerts', 'total', 'rule'],
    ...shown.map((row) => [
      `${(1000 * row.cost).toFixed(0)} us/s`,
      `${cost === 0 ? 0 : Math.round((100 * row.cost) / cost)} %`,
      number(row.alerts),
      number(row.rule.alerts),
      escapeText(row.rule.name),
    ]),
  ];
  return `${terminal.bold(head)}\n${columns(table, Number.POSITIVE_INFINITY)}\n`;
}
