// What `wasprey activity --follow` prints: a line for each thing that is done, or with --json a session whenever something was done in it.

import { timeOfDaySeconds } from '../../fields/time.ts';
import type { ActivityListener } from '../../journal/activity/activity-log.ts';
import { hasWords, isSelected, type Selection } from '../../journal/activity/select.ts';
import type { Command, Connection, FileChange, Session } from '../../journal/activity/session.ts';
import { sessionJson } from '../../journal/activity/session-json.ts';
import {
  commandLine,
  connectionLine,
  fileLine,
  placeOf,
  statusWords,
  who,
} from '../../journal/activity/session-text.ts';

export class FollowedLines implements ActivityListener {
  readonly #selection: Selection;
  readonly #isJson: boolean;
  readonly #print: (line: string) => void;
  /** Sessions to print. */
  readonly #changed = new Set<Session>();

  constructor(selection: Selection, isJson: boolean, print: (line: string) => void) {
    this.#selection = selection;
    this.#isJson = isJson;
    this.#print = print;
  }

  command(command: Command): void {
    this.#take(command.began, command, commandLine(command));
  }

  end(command: Command): void {
    const { status, ended } = command;
    if (!status || ended === undefined) return;
    // A line for each command that went well would hide the others.
    if (!this.#isJson && 'code' in status && status.code === 0) return;
    this.#take(ended, command, `${statusWords(status)}: ${commandLine(command)}`);
  }

  file(command: Command, change: FileChange): void {
    this.#take(change.last, command, `${command.program} ${fileLine(change)}`);
  }

  connection(command: Command, connection: Connection): void {
    this.#take(connection.last, command, `${command.program} ${connectionLine(connection)}`);
  }

  /** Prints the sessions in which something was done since the last time. */
  flush(): void {
    for (const session of this.#changed) this.#print(sessionJson(session));
    this.#changed.clear();
  }

  #take(time: bigint, command: Command, text: string): void {
    if (!this.#isShown(command)) return;
    const { session } = command;
    if (this.#isJson) this.#changed.add(session);
    else
      this.#print(
        `${timeOfDaySeconds(time)}  ${session.id} ${session.kind} ${who(session.user)} ${placeOf(session)}  ${text}`,
      );
  }

  #isShown(command: Command): boolean {
    const { command: words } = this.#selection;
    const selectsSession = isSelected(command.session, { ...this.#selection, command: undefined });
    return selectsSession && (words === undefined || hasWords(command, words));
  }
}
