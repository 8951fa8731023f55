// Reads the files of a history into sessions, and collects what a reader should know of it: spans without a record, damage.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { ifThere } from '../../recording/byte-source.ts';
import type { ReplayReport } from '../../recording/replay.ts';
import { History } from '../event-views.ts';
import type { HistoryFile } from '../history.ts';
import { ACTIVITY_TYPES } from './actions.ts';
import type { ActivityLog } from './activity-log.ts';

/** Segments of one run of the agent follow each other without a pause, but for rounding. */
const LEAST_GAP_MS = 1_000;

/** Times in ms since the epoch. */
export type Note =
  /** Nothing was kept; without `to`, until now. */
  | { readonly kind: 'gap'; readonly host: string; readonly from: number; readonly to: number | undefined }
  /** The record begins only then. */
  | { readonly kind: 'begins'; readonly host: string; readonly at: number }
  /** Events that were not kept. */
  | { readonly kind: 'lost'; readonly events: number; readonly from: number; readonly to: number }
  | { readonly kind: 'damaged'; readonly path: string; readonly reason: string; readonly events: number | undefined }
  /** It was removed meanwhile. */
  | { readonly kind: 'removed'; readonly path: string }
  /** Not recorded at all. */
  | { readonly kind: 'missing-types'; readonly what: 'files' | 'connections' };

/** What is read of a machine. */
export interface ActivityFiles {
  readonly files: readonly HistoryFile[];
  /** ms since the epoch: what was before is read to know who is who, and not shown. */
  readonly since?: number | undefined;
}

/** An agent writes a block a second while anything happens, and something does in such a time. */
const LONGEST_SILENCE_MS = 60_000;

/**
 * What is missing between the files and around them. Times are in ms since the epoch.
 * @param now where the files should reach, if it is a journal
 */
export function gapsOf(files: readonly HistoryFile[], since: number | undefined, now?: number): Note[] {
  const hosts = Map.groupBy(files, ({ facts }) => facts.hostname);
  return [...hosts].flatMap(([host, own]) => gapsOfHost(host, own, since, now));
}

function gapsOfHost(host: string, all: readonly HistoryFile[], since: number | undefined, now?: number): Note[] {
  const notes: Note[] = [];
  // What was written while the clock was ahead shows nothing of the time until then.
  const files = all.filter((file) => startOf(file) <= (now ?? Number.POSITIVE_INFINITY));
  const [first] = files;
  if (first && since !== undefined && startOf(first) - since >= LEAST_GAP_MS) {
    notes.push({ kind: 'begins', host, at: startOf(first) });
  }
  let end = first?.to ?? 0;
  for (const file of files.slice(1)) {
    if (startOf(file) - end >= LEAST_GAP_MS) notes.push({ kind: 'gap', host, from: end, to: startOf(file) });
    end = Math.max(end, file.to);
  }
  const silence = now === undefined || !first ? 0 : now - end;
  if (silence > LONGEST_SILENCE_MS || (silence > LEAST_GAP_MS && files.at(-1)?.isComplete)) {
    notes.push({ kind: 'gap', host, from: end, to: undefined });
  }
  return notes;
}

export function startOf({ facts }: HistoryFile): number {
  return Number(facts.started / NANOSECONDS_PER_MS);
}

const ITEMS_BETWEEN_PROGRESS = 1024;

export interface ReadOptions {
  /** ms since the epoch: where the files should reach, if they are a journal. */
  readonly now?: number | undefined;
  /** Called now and then with the bytes that were read of all files, and the events of the present one. */
  readonly onProgress?: (bytes: number, events: number) => void;
}

/** Reads one file after the other. Throws RecordingError, and the errors of open(). */
export function readFiles(
  { files, since }: ActivityFiles,
  log: ActivityLog,
  { now, onProgress = () => {} }: ReadOptions = {},
): Note[] {
  const notes = gapsOf(files, since, now);
  const lacking = new Set<string>();
  let before = 0;
  for (const file of files) {
    const found = readFile(file, log, (bytes, events) => onProgress(before + bytes, events));
    before += file.bytes;
    for (const note of found) {
      // Each segment of a journal lacks the same types.
      if (note.kind === 'missing-types') {
        if (lacking.has(note.what)) continue;
        lacking.add(note.what);
      }
      notes.push(note);
    }
  }
  return notes;
}

/**
 * Reads one file. Throws RecordingError, and the errors of open().
 * @param onProgress called now and then with the bytes and events that were read
 */
export function readFile(
  file: HistoryFile,
  log: ActivityLog,
  onProgress: (bytes: number, events: number) => void = () => {},
): Note[] {
  using history = ifThere(() => new History(file.path));
  if (!history) return [{ kind: 'removed', path: file.path }];
  log.begin(history.facts);
  const items = history.all({ types: ACTIVITY_TYPES, processes: true });
  let next = items.next();
  for (let read = 0; !next.done; next = items.next()) {
    if (next.value.kind !== 'pause') log.take(next.value);
    if (++read % ITEMS_BETWEEN_PROGRESS === 0) onProgress(history.progress.done, history.progress.events);
  }
  return notesOf(file, next.value);
}

/**
 * Reads a file that is still written, until it is complete or `goesOn` resolves to false; that is asked whenever all that is in it was read.
 */
export async function followFile(file: HistoryFile, log: ActivityLog, goesOn: () => Promise<boolean>): Promise<void> {
  using history = ifThere(() => new History(file.path, true));
  if (!history) return;
  log.begin(history.facts);
  for (const item of history.all({ types: ACTIVITY_TYPES, processes: true, follows: true })) {
    if (item.kind !== 'pause') log.take(item);
    else if (!(await goesOn())) break;
  }
}

function notesOf(file: HistoryFile, { damage, end }: ReplayReport): Note[] {
  const notes: Note[] = [];
  const { eventTypes } = file.facts;
  if (!eventTypes.includes('openat')) notes.push({ kind: 'missing-types', what: 'files' });
  if (!eventTypes.includes('connect')) notes.push({ kind: 'missing-types', what: 'connections' });
  if (end && end.dropped > 0) notes.push({ kind: 'lost', events: end.dropped, from: startOf(file), to: file.to });
  for (const { reason, eventsLost, isCutOff } of damage) {
    if (isCutOff) continue;
    notes.push({ kind: 'damaged', path: file.path, reason, events: eventsLost });
  }
  return notes;
}
