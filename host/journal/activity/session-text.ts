// Sessions and what was done in them as texts for people, each in one line.

import { escapeLines } from '../../diagnostics/escape.ts';
import { dateTimeSeconds, timeOfDaySeconds } from '../../fields/time.ts';
import type { KubernetesUser, PodRequest } from '../../sessions/pod-request.ts';
import { addressesText, agentOf, sameOfAll, usersOf } from './kubernetes-users.ts';
import type {
  Command,
  Connection,
  ExitStatus,
  FileChange,
  FileVerb,
  KubernetesEntry,
  Session,
  User,
} from './session.ts';
import { signalName } from './signals.ts';

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

/** The title, and a line of facts. */
export function headingOf(session: Session): string[] {
  return [titleOf(session), [spanOf(session), ...factsOf(session)].join(', ')];
}

export function titleOf(session: Session): string {
  const { kind, id, user, login, kubernetes } = session;
  const isOther = login && login.uid !== user.uid;
  const also = `${isOther ? ` (logged in as ${who(login)})` : ''}${kubernetes ? ` (${kubernetesText(kubernetes)})` : ''}`;
  return `${id}  ${kind}  ${who(user)}${also} ${placeOf(session)}`;
}

/** How it was entered, and from where. */
export function factsOf({ kubernetes, container, from, terminal, via, within, attached = [] }: Session): string[] {
  const facts = [
    from === undefined ? '' : `from ${oneLine(from)}`,
    kubernetes?.match === 'exact' ? clientText(kubernetes.requests) : '',
    terminal ?? '',
    container?.image === undefined ? '' : `image ${oneLine(container.image)}`,
    container && container.name !== undefined ? `container ${oneLine(container.id)}` : '',
    via.length === 0 ? '' : `through ${via.map(oneLine).join(' < ')}`,
    within === undefined ? '' : `entered from session ${within.id}`,
    ...attached.map(({ user, received }) => `attached to by ${kubernetesName(user)} at ${dateTimeSeconds(received)}`),
  ];
  return facts.filter((fact) => fact !== '');
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
 * Describes a request that began no session of the record.
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

/** `exit 1`, `killed by SIGKILL`. */
export function statusWords(status: ExitStatus): string {
  return 'code' in status ? `exit ${status.code}` : `killed by ${signalName(status.signal)}`;
}

const PLAIN_WORD = /^[\w@%+=:,./*~^#?[\]{}-]+$/;

/** The command as one would type it, in one line. */
export function commandLine({ words }: Command): string {
  return words.map((word) => oneLine(PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
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
  attributes: 'changed attributes of',
  cut: 'cut',
};

export function fileLine(change: FileChange): string {
  const { path, other, times } = change;
  const deeds = change.verbs.deeds.map((verb) => VERBS[verb]).join(', ');
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
