// The session that the process of an alert is of, as a tree: from its entry to that process, and what else was run in it.

import { type Command, commandsOf, type Session } from '../../../journal/activity/session.ts';
import { commandLine, statusWords, who } from '../../../journal/activity/session-text.ts';
import { TextBudget } from '../texts/text-budget.ts';
import type { ShownTree, TreeRow } from './messages.ts';
import { type ActivityQuestion, readActivity } from './shown-activity.ts';

/** Rows that are shown at most: the commands that began nearest to the alert, with what they were started from. */
const MOST_ROWS = 400;
const LONGEST_COMMAND = 500;
const LONGEST_USER = 100;
const MOST_TEXT = 400_000;
/** Between what an event says of its time and what the alert says, in ms. */
const SLACK_MS = 1;

export interface TreeQuestion extends Omit<ActivityQuestion, 'kind' | 'session'> {
  readonly kind: 'session-tree';
  readonly pid: number;
  /** ms since the epoch, of the alert. */
  readonly time: number;
}

/** Undefined: the journal has no such process. Throws RecordingError, and the errors of open(). */
export async function sessionTree(question: TreeQuestion): Promise<ShownTree | undefined> {
  const { time } = question;
  const { sessions } = await readActivity(question);
  const fired = commandAt(sessions, question);
  if (!fired) return undefined;
  const branch = new Set<Command>();
  for (let one: Command | undefined = fired; one; one = one.parent) branch.add(one);
  const all = [...commandsOf(fired.session)];
  const kept = new Set(branch);
  for (const command of all.toSorted((one, other) => distance(one, time) - distance(other, time))) {
    if (kept.size >= MOST_ROWS) break;
    for (let one: Command | undefined = command; one && !kept.has(one); one = one.parent) kept.add(one);
  }
  const texts = new TextBudget(MOST_TEXT);
  const rows = all
    .filter((command) => kept.has(command))
    .map((command) => rowOf(command, command === fired ? 'fired' : branch.has(command) ? 'branch' : undefined, texts));
  const { id, kind, leftOut } = fired.session;
  return { kind: 'tree', session: { id, kind }, rows, leftOut: leftOut + all.length - rows.length };
}

/** What the process ran then: the latest of its programs. */
function commandAt(sessions: readonly Session[], { pid, time }: TreeQuestion): Command | undefined {
  let found: Command | undefined;
  for (const session of sessions) {
    for (const command of commandsOf(session)) {
      const { began, ended } = command;
      if (command.pid !== pid || milliseconds(began) > time + SLACK_MS) continue;
      if (ended !== undefined && milliseconds(ended) < time - SLACK_MS) continue;
      if (!found || began > found.began) found = command;
    }
  }
  return found;
}

function distance({ began }: Command, time: number): number {
  return Math.abs(milliseconds(began) - time);
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

function rowOf(command: Command, place: TreeRow['place'], texts: TextBudget): TreeRow {
  const { pid, depth, parent, user, began, status } = command;
  return {
    ...{ pid, depth, began: milliseconds(began) },
    command: texts.take(commandLine(command), LONGEST_COMMAND),
    ...((!parent || parent.user.uid !== user.uid) && { user: texts.take(who(user), LONGEST_USER) }),
    ...(status && !('code' in status && status.code === 0) && { status: statusWords(status) }),
    ...(place && { place }),
  };
}
