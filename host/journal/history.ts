// What happened on a node, as files: the segments of a journal's folder, or recordings, in order of time. Each can be read by itself.

import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { type ByteSource, ifThere, RecordingFile, refusePipe } from '../recording/byte-source.ts';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_KIND,
  FILE_HEAD_BYTES,
  RecordingError,
  type RecordingFacts,
  readBlockHead,
  readFacts,
  readFileHead,
} from '../recording/format.ts';
import { mayConcern, readIndex, type Subject } from './segment-index.ts';

/** A segment begins some moments after its first events: they waited in a ring. */
const EARLIER_EVENTS_MS = 5_000;
/** What Date has. A file system can store later ones. */
const LATEST_MS = 8.64e15;
const NONE: ReadonlySet<string> = new Set();

/** In ms since the epoch; without one, there is no limit. */
export interface TimeRange {
  readonly since?: number;
  readonly until?: number;
}

export interface HistoryFile {
  readonly path: string;
  readonly facts: RecordingFacts;
  readonly bytes: number;
  /** Its events lie between these times, in ms since the epoch. The second is that of the last change if the file has no end. */
  readonly from: number;
  readonly to: number;
  /** Whether it has a last block: else it is being written, or it is cut off. */
  readonly isComplete: boolean;
}

/** A file that looks like one of a history and can't be read. The reason is one line. */
export interface UnreadableFile {
  readonly path: string;
  readonly reason: string;
}

export interface History {
  /** In order of time. Those of a range can have events outside of it. */
  readonly files: readonly HistoryFile[];
  readonly unreadable: readonly UnreadableFile[];
}

/**
 * The files of a history. In a folder these are all recordings directly in it, and other files are passed over; a file that is named must be one.
 * Throws the errors of open() and readdir() for a place, and RecordingError for a named file.
 * @param places folders and files
 * @param range files that have nothing of it are left out, and of a container or process, those whose index says so
 * @param known paths of files that are passed over
 */
export function findHistory(
  places: readonly string[],
  range: TimeRange & Subject = {},
  known: ReadonlySet<string> = NONE,
): History {
  const files = new Map<string, HistoryFile>();
  const unreadable: UnreadableFile[] = [];
  for (const place of places) {
    if (statSync(place).isDirectory()) {
      for (const path of filesIn(place)) {
        if (known.has(path)) continue;
        const found = tryFile(path);
        if (found && 'reason' in found) unreadable.push(found);
        else if (found) files.set(path, found);
      }
    } else if (!known.has(place)) files.set(place, readFile(place));
  }
  const all = [...files.values()].filter((file) => overlaps(file, range) && concerns(file, range));
  return { files: all.sort((a, b) => a.from - b.from || (a.path < b.path ? -1 : 1)), unreadable };
}

function filesIn(folder: string): string[] {
  const entries: Dirent[] = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
}

/** Undefined if the file is gone, or not a recording. */
function tryFile(path: string): HistoryFile | UnreadableFile | undefined {
  try {
    return ifThere(() => readFile(path));
  } catch (error) {
    if (error instanceof RecordingError && error.code === 'RECORDING_NONE') return undefined;
    return { path, reason: error instanceof RecordingError ? error.message : reasonOf(error) };
  }
}

function readFile(path: string): HistoryFile {
  refusePipe(path);
  using file = new RecordingFile(path);
  const head = readFileHead(file.read(0, FILE_HEAD_BYTES));
  const { facts } = readFacts(file.read(FILE_HEAD_BYTES, head.length), head);
  const started = Number(facts.started / NANOSECONDS_PER_MS);
  const isComplete = hasEnd(file, FILE_HEAD_BYTES + head.length);
  const index = (isComplete && readIndex(file)) || [];
  // The last block was written after the last event, and nothing after it. It is before the begin if the clock was set back meanwhile.
  const changed = Math.min(Math.max(statSync(path).mtimeMs, 0), LATEST_MS);
  const [first, last] = [Math.min(started, changed) - EARLIER_EVENTS_MS, Math.max(started, changed)];
  return {
    ...{ path, facts, bytes: file.size, isComplete },
    from: index.reduce((least, block) => Math.min(least, block.from), first),
    to: index.reduce((most, block) => Math.max(most, Math.min(block.to, LATEST_MS)), last),
  };
}

/** Goes from head to head, without reading what is between. */
function hasEnd(file: ByteSource, first: number): boolean {
  for (let at = first; at < file.size; ) {
    const head = readBlockHead(file.read(at, BLOCK_HEAD_BYTES));
    if (!head) return false;
    at += BLOCK_HEAD_BYTES + head.storedLength;
    if (head.kind === BLOCK_KIND.END) return at <= file.size;
  }
  return false;
}

function concerns({ path, isComplete }: HistoryFile, subject: Subject): boolean {
  if (!isComplete || (subject.container === undefined && subject.pid === undefined)) return true;
  using file = ifThere(() => new RecordingFile(path));
  const index = file && readIndex(file);
  return index === undefined || mayConcern(index, subject);
}

function overlaps({ from, to }: HistoryFile, { since = 0, until = Number.POSITIVE_INFINITY }: TimeRange): boolean {
  return to >= since && from <= until;
}
