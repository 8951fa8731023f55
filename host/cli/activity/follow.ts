// wasprey activity --follow: prints what happens, as it is written to the journal.

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../diagnostics/failure.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { NANOSECONDS_PER_MS, timeOfDaySeconds } from '../../fields/time.ts';
import { ActivityLog } from '../../journal/activity/activity-log.ts';
import { followFile, readFile } from '../../journal/activity/read-activity.ts';
import { hasWords, isSelected, type Selection } from '../../journal/activity/select.ts';
import type { Command, Session } from '../../journal/activity/session.ts';
import { sessionJson } from '../../journal/activity/session-json.ts';
import {
  commandLine,
  connectionLine,
  fileLine,
  placeOf,
  statusWords,
  who,
} from '../../journal/activity/session-text.ts';
import { findHistory, type HistoryFile } from '../../journal/history.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import type { GivenHistory } from '../options/history-options.ts';

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
  const changed = new Set<Session>();
  const isShown = (command: Command): boolean =>
    isSelected(command.session, { ...selection, command: undefined }) &&
    (selection.command === undefined || hasWords(command, selection.command));
  const tell = (time: bigint, command: Command, text: string): void => {
    if (!isShown(command)) return;
    if (isJson) changed.add(command.session);
    else terminal.print(`${timeOfDaySeconds(time)}  ${sessionText(command.session)}  ${text}\n`);
  };
  const log = new ActivityLog({
    mask,
    since: BigInt(Math.round(since ?? Date.now())) * NANOSECONDS_PER_MS,
    listener: {
      command: (command) => tell(command.began, command, commandLine(command)),
      end: (command) => {
        const { status, ended } = command;
        if (!status || ended === undefined || ('code' in status && status.code === 0 && !isJson)) return;
        tell(ended, command, `${statusWords(status)}: ${commandLine(command)}`);
      },
      file: (command, change) => tell(change.last, command, `${command.program} ${fileLine(change)}`),
      connection: (command, one) => tell(one.last, command, `${command.program} ${connectionLine(one)}`),
    },
  });
  const flush = (): void => {
    for (const session of changed) terminal.print(`${sessionJson(session)}\n`);
    changed.clear();
  };
  const [ended, growing] = [true, false].map((isComplete) => files.filter((file) => file.isComplete === isComplete));
  // One that ended while the clock was ahead may be the last by its time.
  let unread = [...(ended ?? []), ...(growing ?? [])];
  const known = knownBefore(files, places);
  while (!stop.signal.aborted) {
    const file = unread.shift();
    if (!file) break;
    await readOne(file, unread.length === 0);
    flush();
    unread = unread.length > 0 ? unread : await next();
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
    await followFile(file, log, async () => {
      flush();
      await pause();
      return !stop.signal.aborted && newer().length === 0;
    });
  }

  /** Files that were begun meanwhile, once there are any. */
  async function next(): Promise<HistoryFile[]> {
    let found = newer();
    while (found.length === 0 && !stop.signal.aborted) {
      await pause();
      found = newer();
    }
    for (const { path } of found) known.add(path);
    return [...found];
  }

  async function pause(): Promise<void> {
    await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => {});
  }

  /** Not by their times: the clock may be set back. */
  function newer(): readonly HistoryFile[] {
    return findHistory(places, {}, known).files;
  }
}

/** Paths of what is no news: but for a file that was begun since those were found. */
function knownBefore(files: readonly HistoryFile[], places: readonly string[]): Set<string> {
  const last = files.at(-1)?.from ?? 0;
  const others = findHistory(places).files.filter(({ isComplete, from }) => isComplete || from < last);
  return new Set([...files, ...others].map(({ path }) => path));
}

function sessionText(session: Session): string {
  return `${session.id} ${session.kind} ${who(session.user)} ${placeOf(session)}`;
}
