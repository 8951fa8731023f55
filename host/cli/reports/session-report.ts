// Sessions for people: a heading, and the commands as a tree with what they wrote and where they connected to.

import { clip, fold } from '../../diagnostics/clip.ts';
import { LINE_WIDTH, wrap } from '../../diagnostics/layout.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { timeOfDaySeconds } from '../../fields/time.ts';
import { type Command, type ExitStatus, filesOf, type Session } from '../../journal/activity/session.ts';
import { commandLine, connectionLine, fileLine, headingOf, who } from '../../journal/activity/session-text.ts';
import { signalName } from '../../journal/activity/signals.ts';

export interface SessionReportOptions {
  readonly terminal: Terminal;
  /** All of it, in full length; else what fits into a few lines. */
  readonly full: boolean;
}

/** Most lines of a session where not all is shown. */
const MOST_LINES = 16;
/** Most files or connections of a command, likewise. */
const MOST_DETAILS = 4;
const TIME_AND_STATUS = 18;

export function renderSession(session: Session, { terminal, full }: SessionReportOptions): string {
  const width = terminal.interactive ? terminal.width : Number.POSITIVE_INFINITY;
  const factsWidth = Math.min(width, LINE_WIDTH);
  const lines: string[] = [];
  for (const [index, command] of session.commands.entries()) {
    commandLines(command, '', index === session.commands.length - 1 ? 'root-last' : 'root', { width, full, lines });
  }
  const shown = full ? lines : lines.slice(0, MOST_LINES);
  const hidden = lines.length - shown.length;
  const tail = [
    ...(hidden > 0 ? [`... ${count(hidden, 'more line')}: wasprey activity show ${session.id}`] : []),
    ...(session.leftOut > 0 ? [`... not kept: ${count(session.leftOut, 'more command')}`] : []),
  ];
  const [title = '', ...facts] = headingOf(session);
  const text = [
    terminal.bold(clip(title, width)),
    ...facts.flatMap((line) => wrap(line, factsWidth - 2).split('\n')).map((line) => clip(`  ${line}`, width)),
    ...shown,
    ...tail.map((line) => `${' '.repeat(TIME_AND_STATUS)}${line}`),
  ];
  return `${text.join('\n')}\n`;
}

type Branch = 'root' | 'root-last' | 'middle' | 'last';

interface Drawing {
  readonly width: number;
  readonly full: boolean;
  readonly lines: string[];
}

function commandLines(command: Command, indent: string, branch: Branch, drawing: Drawing): void {
  const isRoot = branch === 'root' || branch === 'root-last';
  const own = isRoot ? '' : branch === 'last' ? '`- ' : '|- ';
  const below = isRoot ? '' : branch === 'last' ? '   ' : '|  ';
  const time = command.ranBefore ? 'before' : timeOfDaySeconds(command.began);
  const lead = `${time.padStart(8)}  ${statusText(command).padStart(6)}  `;
  const user = command.parent && command.parent.user.uid !== command.user.uid ? ` (as ${who(command.user)})` : '';
  put(drawing, lead + indent + own, `${commandLine(command)}${user}`, indent + below);
  const { children } = command;
  const inner = `${indent}${below}${children.length > 0 ? '|' : ' '}    `;
  for (const line of detailLines(command, drawing.full)) put(drawing, ' '.repeat(TIME_AND_STATUS) + inner, line, inner);
  for (const [index, child] of children.entries()) {
    commandLines(child, indent + below, index === children.length - 1 ? 'last' : 'middle', drawing);
  }
}

/** A line, cut to the width or, where all is shown, continued in further lines. */
function put({ width, full, lines }: Drawing, lead: string, text: string, indent: string): void {
  const room = Math.max(20, width - lead.length);
  if (!full) {
    lines.push(clip(lead + text, width));
    return;
  }
  const [first = '', ...rest] = fold(text, room);
  lines.push(
    lead + first,
    ...rest.map((piece) => `${' '.repeat(TIME_AND_STATUS)}${indent.padEnd(lead.length - TIME_AND_STATUS)}${piece}`),
  );
}

function statusText({ status, ended, ranBefore }: Command): string {
  if (status) return shortStatus(status);
  // Its process has run another program since, or it is not over.
  return ended === undefined && !ranBefore ? '...' : '';
}

function shortStatus(status: ExitStatus): string {
  return 'code' in status ? String(status.code) : signalName(status.signal).replace(/^SIG/, '');
}

function detailLines(command: Command, full: boolean): string[] {
  const files = detailsOf(filesOf(command).map(fileLine), full, 'file');
  const connections = detailsOf([...command.connections.values()].map(connectionLine), full, 'connection');
  const opened = command.opened.map(({ id, kind }) => `session ${id} (${kind})`);
  const more = command.leftOut > 0 ? [`... not kept: ${count(command.leftOut, 'more change')}`] : [];
  return [...opened, ...connections, ...files, ...more];
}

function detailsOf(lines: readonly string[], full: boolean, noun: string): string[] {
  if (full || lines.length <= MOST_DETAILS) return [...lines];
  const shown = lines.slice(0, MOST_DETAILS - 1);
  return [...shown, `... ${count(lines.length - shown.length, `more ${noun}`)}`];
}
