// A session as a JSON object: README.md describes it.

import { escapeLines } from '../../diagnostics/escape.ts';
import { jsonTime } from '../../fields/time.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import { addressesText, agentOf, sameOfAll } from './kubernetes-users.ts';
import {
  type Command,
  type Connection,
  type ExitStatus,
  type FileChange,
  filesOf,
  type KubernetesEntry,
  type Session,
  type User,
} from './session.ts';
import { signalName } from './signals.ts';

/** One line. */
export function sessionJson(session: Session): string {
  // What a terminal may act on only occurs in strings, where it can be escaped.
  return escapeLines(JSON.stringify(sessionObject(session)));
}

function sessionObject(session: Session): object {
  return {
    session: session.id,
    kind: session.kind,
    host: session.host,
    user: userJson(session.user),
    login: session.login && userJson(session.login),
    kubernetes: session.kubernetes && kubernetesJson(session.kubernetes),
    container: session.container && { ...session.container },
    attached: session.attached?.map((request) => requestObject(request, undefined)),
    unit: session.unit,
    from: session.from,
    terminal: session.terminal,
    via: session.via.length > 0 ? session.via : undefined,
    within: session.within?.id,
    pid: session.pid,
    began: jsonTime(session.began),
    ranBefore: session.ranBefore || undefined,
    last: jsonTime(session.last),
    over: session.isOver,
    commands: session.commands.map(commandJson),
    leftOut: session.leftOut || undefined,
  };
}

function userJson({ uid, name }: User): object {
  return { uid, name };
}

function kubernetesJson(entry: KubernetesEntry): object {
  if (entry.match === 'ambiguous') return { match: entry.match, candidates: entry.candidates };
  const { match, user, requests } = entry;
  return { match, user, addresses: sameOfAll(requests.map(addressesText))?.split(', '), userAgent: agentOf(requests) };
}

/**
 * A request that began no session of the record: another object than those of sessions.
 * @param target the session of a container's own program that was attached to
 */
export function requestJson(request: PodRequest, target: Session | undefined): string {
  return escapeLines(JSON.stringify(requestObject(request, target)));
}

function requestObject(
  { entry, user, namespace, pod, container, received, addresses, userAgent, isRefused }: PodRequest,
  target: Session | undefined,
): object {
  const object = { request: entry, user, namespace, pod, container, time: jsonTime(received), addresses, userAgent };
  return { ...object, to: target?.id, refused: isRefused || undefined };
}

function commandJson(command: Command): object {
  return {
    pid: command.pid,
    executable: command.executable,
    arguments: command.words,
    directory: command.directory,
    user: userJson(command.user),
    began: jsonTime(command.began),
    ranBefore: command.ranBefore || undefined,
    ended: command.ended === undefined ? undefined : jsonTime(command.ended),
    status: command.status && statusJson(command.status),
    files: command.files.size > 0 ? filesOf(command).map(fileJson) : undefined,
    connections: command.connections.size > 0 ? [...command.connections.values()].map(connectionJson) : undefined,
    leftOut: command.leftOut || undefined,
    sessions: command.opened.length > 0 ? command.opened.map(({ id }) => id) : undefined,
    commands: command.children.length > 0 ? command.children.map(commandJson) : undefined,
  };
}

function statusJson(status: ExitStatus): object {
  return 'code' in status ? status : { signal: signalName(status.signal) };
}

function fileJson(change: FileChange): object {
  const { path, other, times, last } = change;
  return { path, other, did: change.verbs.deeds, times, last: jsonTime(last) };
}

function connectionJson({ direction, protocol, peer, error, times, last }: Connection): object {
  return { direction, protocol, peer, error, times, last: jsonTime(last) };
}
