// The files of a journal's folder: their names, and which are removed when there are too many bytes, or they are too old.

import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of other names in the folder are never removed. */
const NAME = /^journal-\d{8}T\d{6}\.\d{3}Z(?:-\d+)?\.wsp$/;

/** The name of a segment that begins then: names sort by time. @param number of segments that began in the same ms, before this one */
export function segmentName(milliseconds: number, number = 0): string {
  return `journal-${timeInName(milliseconds, number)}.wsp`;
}

/** @param number of files that began in the same ms, before this one */
export function timeInName(milliseconds: number, number: number): string {
  const time = new Date(milliseconds).toISOString().replaceAll(/[-:]/g, '');
  return `${time}${number > 0 ? `-${number}` : ''}`;
}

export interface StoredSegment {
  readonly path: string;
  readonly bytes: number;
  /** Of its last change, in ms since the epoch. */
  readonly ended: number;
}

/** The segments of a folder, oldest first. Rejects with the errors of readdir(). */
export function storedSegments(folder: string): Promise<StoredSegment[]> {
  return storedFiles(folder, NAME);
}

/** The same of files of other names. */
export async function storedFiles(folder: string, pattern: RegExp): Promise<StoredSegment[]> {
  const segments: StoredSegment[] = [];
  for (const name of (await readdir(folder)).filter((each) => pattern.test(each)).sort()) {
    const path = join(folder, name);
    try {
      const stats = await lstat(path);
      // No segment is a link or a folder.
      if (stats.isFile()) segments.push({ path, bytes: stats.size, ended: stats.mtimeMs });
    } catch {
      // Removed by another meanwhile.
    }
  }
  return segments;
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
 * Those to remove, oldest first, so that the others are within the bounds beside that many bytes. Those of a clock that was far ahead count as
 * the oldest: otherwise they would stay, and what is written now would make room for itself.
 */
export function expired(
  segments: readonly StoredSegment[],
  { maxBytes, keep }: Bounds,
  beside: number,
  now: number,
): StoredSegment[] {
  const isAhead = ({ ended }: StoredSegment): boolean => ended > now + CLOCK_WAS_AHEAD_MS;
  const ordered = [...segments.filter(isAhead), ...segments.filter((segment) => !isAhead(segment))];
  let total = segments.reduce((sum, { bytes }) => sum + bytes, beside);
  const removed: StoredSegment[] = [];
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
export async function removeSegment({ path }: StoredSegment): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
