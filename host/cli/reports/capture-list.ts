// The list of captures: a line each, or JSON.

import type { ListedCapture } from '../../captures/list-captures.ts';
import type { CaptureSummary } from '../../captures/notes/read-notes.ts';
import { escapeLines, escapeText } from '../../diagnostics/escape.ts';
import { columns } from '../../diagnostics/layout.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { jsonTime } from '../../fields/time.ts';

export function renderCaptures(captures: readonly ListedCapture[], json: boolean, { width }: Terminal): string {
  if (captures.length === 0) return '';
  if (json) return captures.map((capture) => `${escapeLines(JSON.stringify(jsonOf(capture)))}\n`).join('');
  const rows = captures.map(({ path, bytes, summary }) => [
    ...rowOf(summary).map(escapeText),
    `${(bytes / 1e6).toFixed(1)} MB`,
    escapeText(path),
  ]);
  return `${columns([['TIME', 'PRIORITY', 'WHERE', 'ALERTS', 'SIZE', 'FILE'], ...rows], Math.max(width, 120))}\n\n${ruleLines(captures)}`;
}

function rowOf({ alerts }: CaptureSummary): string[] {
  const [first] = alerts;
  const container = first?.container.slice(0, 12) || 'host';
  return [
    jsonTime(first?.time ?? 0n).slice(0, 19),
    first?.priority ?? '',
    `${container} ${first?.pid ?? ''}`,
    String(alerts.length),
  ];
}

/** What fired, by how many captures. */
function ruleLines(captures: readonly ListedCapture[]): string {
  const rules = Map.groupBy(captures, ({ summary }) => summary.alerts[0]?.rule ?? '');
  const incomplete = captures.filter(({ summary }) => !isComplete(summary)).length;
  return [
    ...[...rules].map(([rule, list]) => `  ${list.length} by ${escapeText(rule)}\n`),
    ...(incomplete > 0 ? [`  ${incomplete} of them not complete: being written, cut off or damaged\n`] : []),
  ].join('');
}

/** Whether nothing is missing, by the heads of its blocks: events are not read for a list. */
function isComplete({ unread, gaps }: CaptureSummary): boolean {
  return unread.length === 0 && gaps.damagedAt === undefined && gaps.endsAt === undefined;
}

function jsonOf({ path, bytes, summary }: ListedCapture): unknown {
  const { alerts, terms, cuts, hasState } = summary;
  return {
    path,
    bytes,
    rule: alerts[0]?.rule,
    priority: alerts[0]?.priority,
    time: jsonTime(alerts[0]?.time ?? 0n),
    pid: alerts[0]?.pid,
    container: alerts[0]?.container,
    alerts: alerts.length,
    terms,
    hasState,
    complete: isComplete(summary),
    cuts,
  };
}
