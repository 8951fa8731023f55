// Makes room for another capture: the oldest files of captures are removed. Reads a folder of any length, so it runs in the thread of the
// capture.

import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CLOCK_WAS_AHEAD_MS } from '../../journal/retention.ts';

export const SUFFIX = '.wsp';
/** Digits of the time in a name. */
const TIME_DIGITS = 20;

export interface RoomPlan {
  readonly pathPrefix: string;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Names of the files of other captures that are under way: each may become as long as a file can. */
  readonly running: readonly string[];
}

/** Makes the folder, and removes the oldest captures until another of the largest size has room. Throws the errors of mkdir(). */
export function makeRoom({ pathPrefix, fileBytes, totalBytes, running }: RoomPlan): void {
  mkdirSync(dirname(pathPrefix), { recursive: true, mode: 0o700 });
  const most = Math.min(fileBytes, totalBytes);
  const files = capturesIn(pathPrefix).filter(({ path }) => !running.includes(basename(path)));
  let total = files.reduce((sum, { bytes }) => sum + bytes, running.length * most);
  for (const { path, bytes } of files) {
    if (total + most <= totalBytes) return;
    rmSync(path, { force: true });
    total -= bytes;
  }
}

/**
 * The files of captures with that prefix, oldest first: their names have the time. Those of a clock that was far ahead count as the oldest:
 * otherwise they would stay, and each new capture would make room for itself by the one before it.
 */
function capturesIn(pathPrefix: string): { readonly path: string; readonly bytes: number }[] {
  const folder = dirname(pathPrefix);
  const begin = `${basename(pathPrefix)}_`;
  const latest = BigInt(Date.now() + CLOCK_WAS_AHEAD_MS) * 1_000_000n;
  const isAhead = (name: string): boolean => BigInt(name.slice(begin.length, begin.length + TIME_DIGITS)) > latest;
  const names = readdirSync(folder)
    .filter((name) => name.startsWith(begin) && /^\d{20}_\d{20}\.wsp$/.test(name.slice(begin.length)))
    .sort();
  return [...names.filter(isAhead), ...names.filter((name) => !isAhead(name))].flatMap((name) => {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? [{ path, bytes: stats.size }] : [];
  });
}
