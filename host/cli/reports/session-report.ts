// Sessions for people: a heading, and the commands as a tree with what they wrote and where they connected to.

import { clip, fold } from '../../diagnostics/clip.ts';
import { escapeLines } from '../../diagnostics/escape.ts';
import { LINE_WIDTH, wrap } from '../../diagnostics/layout.ts';
import { count } from '../../diagnostics/numbers.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { dateTimeSeconds, timeOfDaySeconds } from '../../fields/time.ts';
import { addressesText, agentOf, sameOfAll, usersOf } from '../../journal/activity/kubernetes-users.ts';
import type {
  Command,
  Connection,
  ExitStatus,
  FileChange,
  FileVerb,
  KubernetesEntry,
  Session,
  User,
} from '../../journal/activity/session.ts';
import { signalName } from '../../journal/activity/signals.ts';
import type { KubernetesUser, PodRequest } from '../../sessions/pod-request.ts';

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
  const [title = '', ...facts] = heading(session);
  const text = [
    terminal.bold(clip(title, width)),
    ...facts.flatMap((line) => wrap(line, factsWidth - 2).split('\n')).map((line) => clip(`  ${line}`, width)),
    ...shown,
    ...tail.map((line) => `${' '.repeat(TIME_AND_STATUS)}${line}`),
  ];
  return `${text.join('\n')}\n`;
}

/** Who did it, where. */
export function placeOf(session: Session): string {
  const { container, host, unit } = session;
  const where =
    container === undefined
      ? `on ${host}`
      : container.pod !== undefined
        ? `in pod ${container.namespace ?? '?'}/${container.pod}, container ${container.name ?? container.id}`
        : `in container ${container.name ?? (container.id || 'unknown')}`;
  return oneLine(unit === undefined ? where : `${where}, unit ${unit}`);
}

export function who({ name, uid }: User): string {
  return oneLine(name ?? `uid ${uid}`);
}

function heading(session: Session): string[] {
  const { kind, id, user, login, kubernetes, container, from, terminal, via, within, attached = [] } = session;
  const isOther = login && login.uid !== user.uid;
  const also = `${isOther ? ` (logged in as ${who(login)})` : ''}${kubernetes ? ` (${kubernetesText(kubernetes)})` : ''}`;
  const title = `${id}  ${kind}  ${who(user)}${also} ${placeOf(session)}`;
  const facts = [
    spanOf(session),
    from === undefined ? '' : `from ${oneLine(from)}`,
    kubernetes?.match === 'exact' ? clientText(kubernetes.requests) : '',
    terminal ?? '',
    container?.image === undefined ? '' : `image ${oneLine(container.image)}`,
    container && container.name !== undefined ? `container ${oneLine(container.id)}` : '',
    via.length === 0 ? '' : `through ${via.map(oneLine).join(' < ')}`,
    within === undefined ? '' : `entered from session ${within.id}`,
    ...attached.map(({ user, received }) => `attached to by ${kubernetesName(user)} at ${dateTimeSeconds(received)}`),
  ];
  return [title, facts.filter((fact) => fact !== '').join(', ')];
}

/** `Kubernetes user alice`, or all who it may be. */
function kubernetesText(entry: KubernetesEntry): string {
  const users = usersOf(entry).map(kubernetesName);
  const [only] = users;
  if (entry.match === 'exact') return `Kubernetes user ${only}`;
  return users.length === 1 ? `perhaps Kubernetes user ${only}` : `one of Kubernetes users ${users.join(', ')}`;
}

function kubernetesName({ name, impersonated }: KubernetesUser): string {
  return oneLine(impersonated === undefined ? name : `${name} as ${impersonated}`);
}

function clientText(requests: readonly PodRequest[]): string {
  const [addresses, agent] = [sameOfAll(requests.map(addressesText)), agentOf(requests)];
  return addresses === undefined
    ? ''
    : `from ${oneLine(addresses)}${agent === undefined ? '' : ` by ${oneLine(agent)}`}`;
}

/**
 * Of a request that began no session of the record.
 * @param target the session of a container's own program that was attached to
 */
export function requestLine(request: PodRequest, target?: Session): string {
  const { entry, user, namespace, pod, container, received, isRefused } = request;
  const where = `pod ${namespace}/${pod}${container === undefined ? '' : `, container ${container}`}`;
  const parts = [`${entry} by Kubernetes user ${kubernetesName(user)} to ${oneLine(where)}`, clientText([request])];
  if (target) parts.push(`to session ${target.id}`);
  if (isRefused) parts.push('refused');
  return `${dateTimeSeconds(received)}  ${parts.filter((part) => part !== '').join(', ')}`;
}

function spanOf({ began, last, isOver, ranBefore }: Session): string {
  const begin = ranBefore ? `since before, ${dateTimeSeconds(began)}` : dateTimeSeconds(began);
  const isSameDay = dateTimeSeconds(began).slice(0, 10) === dateTimeSeconds(last).slice(0, 10);
  const end = isSameDay ? timeOfDaySeconds(last) : dateTimeSeconds(last);
  return `${begin} to ${end}${isOver ? '' : ', goes on'}`;
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

/** `exit 1`, `killed by SIGKILL`. */
export function statusWords(status: ExitStatus): string {
  return 'code' in status ? `exit ${status.code}` : `killed by ${signalName(status.signal)}`;
}

const PLAIN_WORD = /^[\w@%+=:,./*~^#?[\]{}-]+$/;

/** As one would type it, in one line. */
export function commandLine({ words }: Command): string {
  return words.map((word) => oneLine(PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

function detailLines(command: Command, full: boolean): string[] {
  const files = detailsOf([...command.files.values()].map(fileLine), full, 'file');
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

const VERBS: Readonly<Record<FileVerb, string>> = {
  wrote: 'wrote',
  created: 'created',
  removed: 'removed',
  made: 'made',
  renamed: 'renamed',
  linked: 'linked',
  mode: 'changed mode of',
  owner: 'changed owner of',
  cut: 'cut',
};

export function fileLine({ verbs, path, other, times }: FileChange): string {
  const deeds = [...verbs].map((verb) => VERBS[verb]).join(', ');
  const what = other === undefined ? oneLine(path) : `${oneLine(other)} -> ${oneLine(path)}`;
  return `${deeds} ${what}${timesText(times)}`;
}

const ARROWS = { out: '->', in: '<-', listen: 'listens on' } as const;

export function connectionLine({ direction, protocol, peer, error, times }: Connection): string {
  const failed = error === undefined ? '' : ` ${error}`;
  return `${ARROWS[direction]} ${oneLine(peer)} ${protocol}${failed}${timesText(times)}`;
}

function timesText(times: number): string {
  return times > 1 ? ` (${times} times)` : '';
}

/** Text of traced processes in one line, without what a terminal acts on. */
export function oneLine(text: string): string {
  return escapeLines(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}
