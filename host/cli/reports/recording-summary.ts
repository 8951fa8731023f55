// The summaries that `wasprey capture` and `wasprey replay` print at their end.

import type { RecordSummary } from '../../agent/record.ts';
import type { Summary } from '../../agent/summary.ts';
import { missedLine, ruleLines } from '../../daemon/summary.ts';
import { count, MEGABYTE, number, sum } from '../../diagnostics/numbers.ts';
import { eventTotals } from '../../engine/counts/event-totals.ts';
import { damageText } from '../../journal/damage-text.ts';
import type { ReplayReport } from '../../recording/replay.ts';

/** Places of damage that are listed one by one. */
const LISTED_DAMAGE = 10;

export function renderRecorded({ engine, file, seconds }: RecordSummary): string {
  const size = `${(file.bytes / MEGABYTE).toFixed(2)} MB in ${count(file.blocks, 'block')}`;
  const each = file.events > 0 ? `, ${(file.bytes / file.events).toFixed(1)} bytes an event` : '';
  const lines = [`Recorded for ${seconds.toFixed(1)} s: ${count(file.events, 'event')}, ${size}${each}.`];
  if (!engine) lines.push('  the engine reported no numbers');
  const { dropped = 0, missed = 0 } = engine ? eventTotals(engine.capture) : {};
  if (dropped > 0) lines.push(`  events   ${number(dropped)} dropped: they came faster than they could be written`);
  if (missed > 0) lines.push(missedLine(missed));
  if (file.refused > 0) lines.push(`  events   ${number(file.refused)} left out: the file was full`);
  if (engine && engine.capture.imagesLost > 0) lines.push(`  processes  ${number(engine.capture.imagesLost)} lost`);
  return `${lines.join('\n')}\n`;
}

/** @param report undefined when it was stopped before the end */
export function renderReplayed({ engine, alerts, outputs }: Summary, report: ReplayReport | undefined): string {
  const events = engine ? sum(engine.capture.evaluated) : (report?.events ?? 0);
  const totals = `${count(events, 'event')}: ${count(alerts.alerts, 'alert')}`;
  const lines = report
    ? [
        `Replayed ${totals}, in ${report.seconds.toFixed(2)} s (${number(Math.round(events / report.seconds))} events/s).`,
      ]
    : [`Replayed ${totals}; stopped before the end.`];
  if (engine && engine.capture.unknownImages > 0)
    lines.push(`  events   ${number(engine.capture.unknownImages)} of processes that the recording lacks`);
  if (engine && engine.capture.malformed > 0)
    lines.push(`  records  ${number(engine.capture.malformed)} were invalid and skipped`);
  if (report && report.leftOut > 0)
    lines.push(`  events   ${number(report.leftOut)} left out, of types that this version of Wasprey does not have`);
  if (report?.end && report.end.dropped > 0)
    lines.push(`  events   ${number(report.end.dropped)} were lost during the recording`);
  for (const damage of report?.damage.slice(0, LISTED_DAMAGE) ?? []) lines.push(`  damaged  ${damageText(damage)}`);
  const unlisted = (report?.damage.length ?? 0) - LISTED_DAMAGE;
  if (unlisted > 0) lines.push(`           and at ${count(unlisted, 'more place')}`);
  for (const { name, counters } of outputs) {
    if (counters.dropped > 0) lines.push(`  ${name}   ${count(counters.dropped, 'alert')} not written`);
  }
  return `${[...lines, ...ruleLines(alerts.byRule)].join('\n')}\n`;
}
