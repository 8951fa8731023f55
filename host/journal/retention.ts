// The files of a journal's folder: their names, and which are removed when there are too many bytes, or they are too old.

import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of one kind. Files of other names in the folder are never removed. */
export interface FileKind {
  readonly pattern: RegExp;
  /** Name of a file that begins then: names sort by time. @param number of files that began in the same ms, before this one */
  name(milliseconds: number, number?: number): string;
}

export const SEGMENTS = fileKind('journal', 'wsp');
export const AUDIT_FILES = fileKind('audit', 'jsonl.zst');
const FILE_KINDS = [SEGMENTS, AUDIT_FILES] as const;

function fileKind(before: string, after: string): FileKind {
  return {
    pattern: new RegExp(`^${before}-\\d{8}T\\d{6}\\.\\d{3}Z(?:-\\d+)?\\.${after.replaceAll('.', '\\.')}$`),
    name(milliseconds, number = 0) {
      const time = new Date(milliseconds).toISOString().replaceAll(/[-:]/g, '');
      return `${before}-${time}${number > 0 ? `-${number}` : ''}.${after}`;
    },
  };
}

export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Time of its last change, in ms since the epoch. */
  readonly ended: number;
}

/** The files of a folder, oldest first. Rejects with the errors of readdir(). */
export async function storedFiles(folder: string, { pattern }: FileKind): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for (const name of (await readdir(folder)).filter((each) => pattern.test(each)).sort()) {
    const path = join(folder, name);
    try {
      const stats = await lstat(path);
      // None of them is a link or a folder.
      if (stats.isFile()) files.push({ path, bytes: stats.size, ended: stats.mtimeMs });
    } catch {
      // Removed by another meanwhile.
    }
  }
  return files;
}

export interface Bounds {
  readonly maxBytes: number;
  /** In ms. */
  readonly keep: number;
}

/** A file is complete at this share of all bytes and of the time, so that little more than the bounds say is removed at once. */
const SHARES = 16;
const LARGEST_FILE = 64 << 20;
const LONGEST_FILE_MS = 3_600_000;

/**
 * Whether a file is complete, by its bytes and the time since it was begun.
 * @param smallest bytes that it may have whatever the bounds
 */
export function isComplete(bytes: number, milliseconds: number, { maxBytes, keep }: Bounds, smallest: number): boolean {
  const largest = Math.min(Math.max(maxBytes / SHARES, smallest), LARGEST_FILE);
  return bytes >= largest || milliseconds >= Math.min(keep / SHARES, LONGEST_FILE_MS);
}

/** What ended later than that from now was written while the clock was wrong. */
export const CLOCK_WAS_AHEAD_MS = 24 * 3_600_000;

/**
 * The files to remove, oldest first, so that the others are within the bounds beside that many bytes. Files of a clock that was far ahead count as
 * the oldest: otherwise they would stay, and what is written now would make room for itself.
 */
export function expired(
  segments: readonly StoredFile[],
  { maxBytes, keep }: Bounds,
  beside: number,
  now: number,
): StoredFile[] {
  const isAhead = ({ ended }: StoredFile): boolean => ended > now + CLOCK_WAS_AHEAD_MS;
  const ordered = [...segments.filter(isAhead), ...segments.filter((segment) => !isAhead(segment))];
  let total = segments.reduce((sum, { bytes }) => sum + bytes, beside);
  const removed: StoredFile[] = [];
  for (const segment of ordered) {
    if (total <= maxBytes && segment.ended >= now - keep) {
      if (isAhead(segment)) continue;
      break;
    }
    removed.push(segment);
    total -= segment.bytes;
  }
  return removed;
}

/** Removes a file; one that is gone already is as good. Rejects with the errors of unlink(). */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/**
 * Removes files of the other kinds that are too old. What writes such a kind removes its old files itself, but it may be off by now. Never rejects:
 * these files are not the caller's.
 */
export async function removeOldOthers(folder: string, own: FileKind, { keep }: Bounds, now: number): Promise<void> {
  const least = now - keep;
  for (const kind of FILE_KINDS.filter((each) => each !== own)) {
    const files = await storedFiles(folder, kind).catch(() => []);
    for (const file of files.filter(({ ended }) => ended < least)) await removeFile(file.path).catch(() => {});
  }
}
