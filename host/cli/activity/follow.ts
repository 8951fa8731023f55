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
  let unread = [...files];
  while (!stop.signal.aborted) {
    const file = unread.shift();
    if (!file) break;
    await readOne(file, unread.length === 0);
    flush();
    unread = unread.length > 0 ? unread : await nextAfter(file);
  }
  return EXIT.ok;

  async function readOne(file: HistoryFile, isLast: boolean): Promise<void> {
    if (!isLast || file.isComplete) {
      if (since !== undefined || !isLast) readFile(file, log);
      return;
    }
    await followFile(file, log, async () => {
      flush();
      await pause();
      return !stop.signal.aborted && newer(file).length === 0;
    });
  }

  /** The files that were begun after that one, once there are any. */
  async function nextAfter(file: HistoryFile): Promise<HistoryFile[]> {
    let found = newer(file);
    while (found.length === 0 && !stop.signal.aborted) {
      await pause();
      found = newer(file);
    }
    return found;
  }

  async function pause(): Promise<void> {
    await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => {});
  }

  function newer({ facts }: HistoryFile): HistoryFile[] {
    const { files: all } = findHistory(places);
    return all.filter((file) => file.facts.started > facts.started);
  }
}

function sessionText(session: Session): string {
  return `${session.id} ${session.kind} ${who(session.user)} ${placeOf(session)}`;
}
