// The commands of a session, each before what it started, with what it wrote and where it connected to.

import { type Command, commandsOf, filesOf, type Session } from '../../../journal/activity/session.ts';
import { commandLine, connectionLine, fileLine, statusWords, who } from '../../../journal/activity/session-text.ts';
import type { TextBudget } from '../texts/text-budget.ts';
import type { ShownCommand, ShownSession } from './messages.ts';

/** Commands that are shown at most: the latest, with those that they were started from. */
const MOST_COMMANDS = 1_500;
/** Files and connections of one command. */
const MOST_FILES = 50;
const MOST_CONNECTIONS = 50;
const LONGEST_LINE = 500;
const LONGEST_COMMAND = 2_000;

export function shownCommands(session: Session, texts: TextBudget): Pick<ShownSession, 'commands' | 'leftOut'> {
  const all = [...commandsOf(session)];
  const kept = new Set<Command>();
  const latest = all.toSorted((one, other) => (one.began < other.began ? 1 : one.began > other.began ? -1 : 0));
  for (const command of latest) {
    if (kept.size >= MOST_COMMANDS) break;
    for (let one: Command | undefined = command; one && !kept.has(one); one = one.parent) kept.add(one);
  }
  const shown = all.filter((command) => kept.has(command));
  return {
    commands: shown.map((command) => commandShown(command, texts)),
    leftOut: session.leftOut + all.length - shown.length,
  };
}

function commandShown(command: Command, texts: TextBudget): ShownCommand {
  const { pid, depth, parent, user, directory, began, ranBefore, ended, status, connections, opened } = command;
  return {
    ...{ pid, depth, ranBefore },
    command: texts.take(commandLine(command), LONGEST_COMMAND),
    ...((!parent || parent.user.uid !== user.uid) && { user: texts.take(who(user), LONGEST_LINE) }),
    ...(directory !== undefined && { directory: texts.take(directory, LONGEST_LINE) }),
    began: Number(began) / 1e6,
    ...(ended !== undefined && { ended: Number(ended) / 1e6 }),
    ...(status && { status: statusWords(status) }),
    hasFailed: status !== undefined && !('code' in status && status.code === 0),
    files: lines(filesOf(command).map(fileLine), MOST_FILES, texts),
    connections: lines([...connections.values()].map(connectionLine), MOST_CONNECTIONS, texts),
    opened: opened.map(({ id, kind }) => ({ id, kind })),
  };
}

function lines(all: readonly string[], most: number, texts: TextBudget): string[] {
  const shown = all.slice(0, most).map((line) => texts.take(line, LONGEST_LINE));
  return all.length > most ? [...shown, `and ${all.length - most} more`] : shown;
}
