// The pod that a request to the API server is about, as its audit event says it in the fields of an alert.

import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import type { KeyedValue } from '../../outputs/message.ts';
import { type Outcome, RefusalError, type Target, type TargetPod } from '../../responses/action.ts';
import type { RequestedPod } from '../../responses/pods/requested-pods.ts';
import { enteredByKubelet, isDryRun, isRefusal } from '../../sessions/pod-request.ts';

const member = (pointer: string): string => `jevt.value[${pointer}]`;

/** What an alert must have for a pod to be found by it. */
export const REQUEST_FIELDS = {
  verb: member('/verb'),
  uri: member('/requestURI'),
  resource: member('/objectRef/resource'),
  group: member('/objectRef/apiGroup'),
  subresource: member('/objectRef/subresource'),
  namespace: member('/objectRef/namespace'),
  name: member('/objectRef/name'),
  code: member('/responseStatus/code'),
  decision: member('/annotations/authorization.k8s.io~1decision'),
  kind: member('/responseObject/kind'),
  givenName: member('/responseObject/metadata/name'),
  givenUid: member('/responseObject/metadata/uid'),
  received: member('/requestReceivedTimestamp'),
  staged: member('/stageTimestamp'),
} as const;

type Member = keyof typeof REQUEST_FIELDS;
type RequestText = (member: Member) => string;

/** Names of pods and namespaces. The API server gives no others. */
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const MS_PER_SECOND = 1000;
const CREATED = '201';

/** @throws {RefusalError} if it is about none, was not let through, or says too little */
export function requestedPod(fields: readonly KeyedValue[]): RequestedPod {
  const texts = new Map(fields.flatMap(({ key, value }) => (value ? [[key, decode(valueText(value))] as const] : [])));
  const text: RequestText = (name) => texts.get(REQUEST_FIELDS[name]) ?? '';
  checkPermission(text);
  // The name may be that of a pod which another request creates in the same second.
  if (isCreation(text) && isDryRun(text('uri'))) throw new RefusalError('no-target', 'a dry run creates no pod');
  const named = namedPod(text);
  if (!named) throw new RefusalError('no-target', 'the request is not about a pod');
  const { namespace, name } = named;
  if (![namespace, name].every((each) => DNS_NAME.test(each))) {
    throw new RefusalError('no-target', 'the event does not name a pod');
  }
  return { namespace, name, uid: givenUid(text), created: creationOf(text) };
}

/** Why no action is possible for an alert, by its fields alone; undefined: one may be. */
export function requestRefusal(fields: readonly KeyedValue[]): Outcome | undefined {
  try {
    requestedPod(fields);
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { kind: 'refused', why: error.why, detail: error.message };
  }
}

/**
 * Refuses requests that the API server refused, or may have refused. Otherwise a client without rights could trigger an action on any pod.
 * @throws {RefusalError}
 */
function checkPermission(text: RequestText): void {
  const [code, decision] = [Number(text('code') || Number.NaN), text('decision')];
  // The pod's own server chooses the code of a request that was passed on to it.
  if (isToPodItself(text) && decision === 'allow') return;
  if (decision === 'forbid' || isRefusal(code, decision)) {
    throw new RefusalError('no-target', `the request was refused (${text('code') || decision})`);
  }
  if (Number.isNaN(code)) throw new RefusalError('incomplete', 'it is not known whether the request was let through');
}

function namedPod(text: RequestText): { readonly namespace: string; readonly name: string } | undefined {
  if (text('resource') === 'nodes' && text('subresource') === 'proxy') return enteredByKubelet(text('uri'));
  // Others may have resources of that name, too.
  if (text('resource') !== 'pods' || text('group') !== '') return undefined;
  // If a pod gave only the beginning of its name (generateName), the answer has the rest.
  const name = text('name') || (hasPod(text) ? text('givenName') : '');
  return { namespace: text('namespace'), name: isToPodItself(text) ? withoutPort(name) : name };
}

function isToPodItself(text: RequestText): boolean {
  return text('resource') === 'pods' && text('subresource') === 'proxy';
}

/** The name in `NAME`, `NAME:PORT` and `SCHEME:NAME:PORT`. */
function withoutPort(name: string): string {
  const parts = name.split(':');
  return (parts.length === 3 ? parts[1] : parts[0]) ?? '';
}

/** The one in the event's objectRef was written by the client. */
function givenUid(text: RequestText): string | undefined {
  const uid = text('resource') === 'pods' && hasPod(text) ? text('givenUid') : '';
  return uid === '' ? undefined : uid;
}

function hasPod(text: RequestText): boolean {
  return text('kind') === 'Pod' && text('subresource') === '';
}

/** Also by a patch: server-side apply makes what is not there. */
function isCreation(text: RequestText): boolean {
  const isOfPod = text('resource') === 'pods' && text('subresource') === '';
  return isOfPod && (text('verb') === 'create' || text('code') === CREATED);
}

/** The API server's times of creation are whole seconds. */
function creationOf(text: RequestText): RequestedPod['created'] {
  const [received, staged] = [Date.parse(text('received')), Date.parse(text('staged'))];
  if (Number.isNaN(received) || Number.isNaN(staged)) {
    throw new RefusalError('incomplete', 'the event does not say when the request was received');
  }
  if (!isCreation(text)) return { from: Number.NEGATIVE_INFINITY, to: received };
  return { from: Math.floor(received / MS_PER_SECOND) * MS_PER_SECOND, to: staged };
}

/** The pod of a request as what is acted on. */
export function requestTarget(pod: TargetPod): Target {
  return {
    isRequested: true,
    ...{ pid: 0, execTime: 0n, executable: '', container: '', containerName: '' },
    ...{ labels: new Map(), pod, isIncomplete: false },
  };
}
