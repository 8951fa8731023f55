// Which sessions are asked for.

import type { PodRequest } from '../../sessions/pod-request.ts';
import { usersOf } from './kubernetes-users.ts';
import { type Command, commandsOf, type Session, type User } from './session.ts';

/** All that are given must apply. */
export interface Selection {
  /** Name, or the beginning of the id. */
  readonly container?: string | undefined;
  readonly pod?: string | undefined;
  readonly namespace?: string | undefined;
  /** Name or number: who is at work in it, who logged in, who a command ran as, or by name, who of Kubernetes' users it may be of. */
  readonly user?: string | undefined;
  /** A part of a command line. */
  readonly command?: string | undefined;
}

export function isSelected(session: Session, { container, pod, namespace, user, command }: Selection): boolean {
  const place = session.container;
  if (container !== undefined && !(place && (place.name === container || isIdOf(container, place.id)))) return false;
  if (pod !== undefined && place?.pod !== pod) return false;
  if (namespace !== undefined && place?.namespace !== namespace) return false;
  if (user !== undefined && !isOfUser(session, user)) return false;
  return command === undefined || some(session, (one) => hasWords(one, command));
}

/** Requests have no commands that could be read. */
export function isSelectedRequest(
  request: PodRequest,
  { container, pod, namespace, user, command }: Selection,
): boolean {
  if (container !== undefined && request.container !== container) return false;
  if (pod !== undefined && request.pod !== pod) return false;
  if (namespace !== undefined && request.namespace !== namespace) return false;
  return command === undefined && (user === undefined || request.user.name === user);
}

/** Whether the line of a command has that text. */
export function hasWords(command: Command, text: string): boolean {
  return command.words.join(' ').includes(text);
}

const LEAST_ID = 4;

/** Given as the id or a part of it from its beginning, or as the full id of which 12 characters are known. */
function isIdOf(given: string, id: string): boolean {
  return given.length >= LEAST_ID && (id.startsWith(given) || (id.length > 0 && given.startsWith(id)));
}

function isOfUser(session: Session, wanted: string): boolean {
  const is = (user: User | undefined) => user !== undefined && (user.name === wanted || String(user.uid) === wanted);
  // Who entered may have gone on by su.
  for (let one: Session | undefined = session; one; one = one.within) {
    if (usersOf(one.kubernetes).some(({ name }) => name === wanted)) return true;
  }
  return is(session.user) || is(session.login) || some(session, (command) => is(command.user));
}

function some(session: Session, test: (command: Command) => boolean): boolean {
  for (const command of commandsOf(session)) if (test(command)) return true;
  return false;
}
