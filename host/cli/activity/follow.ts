// wasprey activity --follow: prints what happens, as it is written to the journal.

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../diagnostics/failure.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { ActivityLog } from '../../journal/activity/activity-log.ts';
import { followFile, readFile } from '../../journal/activity/read-activity.ts';
import type { Selection } from '../../journal/activity/select.ts';
import { findHistory, type HistoryFile } from '../../journal/history.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { ifThere } from '../../recording/byte-source.ts';
import type { GivenHistory } from '../options/history-options.ts';
import { FollowedLines } from './followed-lines.ts';

const POLL_MS = 500;

export interface FollowRequest {
  readonly history: GivenHistory;
  /** Where its files are, and new ones come. */
  readonly places: readonly string[];
  readonly selection: Selection;
  readonly mask: SecretMask;
}

/** @returns the exit status */
export async function followActivity(
  { history: { files, since }, places, selection, mask }: FollowRequest,
  isJson: boolean,
  terminal: Terminal,
): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const lines = new FollowedLines(selection, isJson, (line) => terminal.print(`${line}\n`));
  const log = new ActivityLog({
    mask,
    since: BigInt(Math.round(since ?? Date.now())) * NANOSECONDS_PER_MS,
    listener: lines,
  });
  const [ended, growing] = [true, false].map((isComplete) => files.filter((file) => file.isComplete === isComplete));
  const coming = new ComingFiles(files, places, stop.signal);
  // One that ended while the clock was ahead may be the last by its time.
  let unread = [...(ended ?? []), ...(growing ?? [])];
  while (!stop.signal.aborted) {
    const file = unread.shift();
    if (!file) break;
    await readOne(file, unread.length === 0);
    lines.flush();
    unread = unread.length > 0 ? unread : await coming.next();
  }
  return EXIT.ok;

  async function readOne(file: HistoryFile, isLast: boolean): Promise<void> {
    const isNew = !files.includes(file);
    // All of it is news, whatever its times.
    if (isNew) log.showAll();
    if (!isLast || file.isComplete) {
      if (since !== undefined || !isLast || isNew) readFile(file, log);
      return;
    }
    let isEnded = false;
    await followFile(file, log, async () => {
      lines.flush();
      if (isEnded) return false;
      await coming.pause();
      // The last of this file was written before the next began: it is read once more.
      isEnded = coming.now().length > 0;
      return !stop.signal.aborted;
    });
  }
}

/** Files that are begun after those that were found. */
class ComingFiles {
  readonly #places: readonly string[];
  readonly #signal: AbortSignal;
  /** Paths of the files that are known already. */
  readonly #known: Set<string>;

  constructor(found: readonly HistoryFile[], places: readonly string[], signal: AbortSignal) {
    this.#places = places;
    this.#signal = signal;
    // One that was begun since they were found is new.
    const last = found.at(-1)?.from ?? 0;
    const others = findHistory(places).files.filter(({ isComplete, from }) => isComplete || from < last);
    this.#known = new Set([...found, ...others].map(({ path }) => path));
  }

  /**
   * Returns new files. Their times are not compared: the clock may be set back. A place that is gone has none: an agent makes its folder anew, and
   * the file that is followed can be read to its end without a name.
   */
  now(): readonly HistoryFile[] {
    const places = this.#places.filter((place) => existsSync(place));
    return ifThere(() => findHistory(places, {}, this.#known).files) ?? [];
  }

  /** Waits for new files. Returns none after the signal. */
  async next(): Promise<HistoryFile[]> {
    let found = this.now();
    while (found.length === 0 && !this.#signal.aborted) {
      await this.pause();
      found = this.now();
    }
    for (const { path } of found) this.#known.add(path);
    return [...found];
  }

  async pause(): Promise<void> {
    await sleep(POLL_MS, undefined, { signal: this.#signal }).catch(() => {});
  }
}
