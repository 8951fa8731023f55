// Events of the journal from a minute before an alert to a minute after it, of its session or its container.

import { deedText } from '../../captures/report/command-line.ts';
import { deedOf } from '../../captures/report/deeds.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { type EventView, History } from '../../journal/event-views.ts';
import { findHistory } from '../../journal/history.ts';
import { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import type { JournalQuestion } from './lookup.ts';
import type { JournalLine, ShownJournal } from './messages.ts';

const AROUND_MS = 60_000;
/** Lines that are shown at most: those nearest to the alert. */
const MOST_LINES = 400;

export function journalAround(question: JournalQuestion): ShownJournal {
  const { folder, time, secretNames } = question;
  const range = { since: time - AROUND_MS, until: time + AROUND_MS };
  const mask = new SecretMask(secretNames);
  const { files } = findHistory([folder], range);
  const lines: JournalLine[] = [];
  for (const { path } of files) {
    using history = new History(path, true);
    for (const item of history.items()) {
      if (item.kind !== 'event') continue;
      const at = Number(item.time / NANOSECONDS_PER_MS);
      if (at < range.since || at > range.until || !concerns(item, question)) continue;
      lines.push(lineOf(item, at, question, mask));
    }
  }
  const near = lines.toSorted((one, other) => Math.abs(one.time - time) - Math.abs(other.time - time));
  const shown = near.slice(0, MOST_LINES).sort((one, other) => one.time - other.time);
  return { kind: 'lines', lines: shown, isCut: lines.length > MOST_LINES, seconds: AROUND_MS / 1000 };
}

/** Whether an event is of the container; on the host, of the session, or of what the process has started that has left it. */
function concerns(event: EventView, { container, pid, session }: JournalQuestion): boolean {
  const { image } = event.record;
  if (!image) return false;
  if (container !== '') return event.text('container.id') === container;
  if (image.number('pid') === pid || (session !== 0 && event.text('proc.sid') === String(session))) return true;
  for (const ancestor of image.ancestors()) if (ancestor.number('pid') === pid) return true;
  return false;
}

function lineOf(event: EventView, time: number, question: JournalQuestion, mask: SecretMask): JournalLine {
  const pid = event.record.image?.number('pid') ?? 0;
  const name = event.text('proc.name') ?? '';
  return { time, pid, name, text: deedText(deedOf(event), mask), isOwn: pid === question.pid };
}
