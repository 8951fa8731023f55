// The summary at the end of a run: events, alerts, drops.

import type { SourceSummary } from '../agent/sources/other-source.ts';
import type { Summary } from '../agent/summary.ts';
import { describeLoss } from '../agent/watches/image-watch.ts';
import { escapeText } from '../diagnostics/escape.ts';
import { count, MEGABYTE, number } from '../diagnostics/numbers.ts';
import { eventTotals } from '../engine/counts/event-totals.ts';
import type { JournalSummary } from '../journal/store.ts';

/** Rules that the summary names, those with the most alerts first. */
const NAMED_RULES = 10;

/** @param seconds how long it watched */
export function renderSummary(
  { engine, alerts, drops, images, outputs, journal, other }: Summary,
  seconds: number,
): string {
  const lines: string[] = [];
  if (engine) {
    const { capture } = engine;
    const { imagesLost } = capture;
    const { produced, evaluated, filtered, dropped, missed, lost } = eventTotals(capture);
    lines.push(
      `Watched for ${seconds.toFixed(1)} s: ${count(produced, 'event')}, ${count(alerts.alerts, 'alert')}, ${lostText(lost, 'event')}${imagesLost > 0 ? `, ${count(imagesLost, 'record')} of processes lost` : ''}.`,
      `  events   ${number(evaluated)} evaluated, ${number(filtered)} filtered in the kernel, ${number(dropped)} dropped`,
    );
    if (capture.malformed > 0) lines.push(`  records  ${number(capture.malformed)} were invalid and skipped`);
    if (engine.matchesDropped > 0)
      lines.push(`  matches  ${number(engine.matchesDropped)} dropped: alerts came faster than they could be written`);
    if (missed > 0) lines.push(missedLine(missed));
    if (imagesLost > 0)
      lines.push(
        `  processes  ${images.last ? `last loss: ${describeLoss(images.last)}` : `${number(imagesLost)} lost`}`,
      );
  } else {
    lines.push(`Watched for ${seconds.toFixed(1)} s: ${count(alerts.alerts, 'alert')}; the engine gave no numbers.`);
  }
  if (other) lines.push(`  ${other.source}   ${describeSource(other)}`);
  // In Falco's words.
  if (drops.occurrences > 0) {
    lines.push(
      `  drops    event drop detected: ${count(drops.occurrences, 'occurrence')}, num times actions taken: ${number(drops.actions)}`,
    );
  }
  for (const { name, counters } of outputs) {
    if ((counters.heldBack ?? 0) > 0)
      lines.push(`  ${name}   ${count(counters.heldBack, 'alert')} held back as repetition, and reported together`);
    if (counters.dropped > 0) lines.push(`  ${name}   ${count(counters.dropped, 'alert')} not written`);
  }
  if (journal) lines.push(`  journal  ${describeJournal(journal)}`);
  return `${[...lines, ...ruleLines(alerts.byRule)].join('\n')}\n`;
}

/** On one line. */
function describeSource({ received, evaluated, duplicates, dropped }: SourceSummary): string {
  const lost = dropped.reduce((sum, { count: times }) => sum + times, 0);
  const numbers = `${number(evaluated)} evaluated, ${number(duplicates)} received before, ${number(lost)} dropped`;
  return `${count(received, 'event')} received: ${numbers}`;
}

/** On one line. */
export function describeJournal({ events, writtenBytes, leftOut, failure }: JournalSummary): string {
  const each = events > 0 ? `, ${(writtenBytes / events).toFixed(1)} bytes an event` : '';
  const missing = leftOut > 0 ? `, ${count(leftOut, 'event')} not written` : '';
  const trouble = failure === undefined ? '' : `; it can't be written: ${failure}`;
  return `${count(events, 'event')} in ${(writtenBytes / MEGABYTE).toFixed(2)} MB${each}${missing}${trouble}`;
}

/** @param missed calls, at least one */
export function missedLine(missed: number): string {
  return `  calls    ${number(missed)} missed: the kernel was running another BPF program`;
}

/** The rules with the most alerts, a line each. */
export function ruleLines(byRule: ReadonlyMap<string, number>): string[] {
  const named = [...byRule].sort(([, a], [, b]) => b - a);
  const lines = named
    .slice(0, NAMED_RULES)
    .map(([rule, alerts]) => `  ${String(alerts).padStart(7)}  ${escapeText(rule)}`);
  return named.length > NAMED_RULES
    ? [...lines, `           and ${count(named.length - NAMED_RULES, 'more rule')}`]
    : lines;
}

function lostText(value: number, noun: string): string {
  return value === 0 ? `no ${noun} lost` : `${count(value, noun)} lost`;
}
