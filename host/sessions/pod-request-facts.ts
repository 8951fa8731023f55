// What is kept of an audit event: all that readPodRequest() reads, within bounds: clients choose most of it.

import { createHash } from 'node:crypto';
import { asObject, asText, at, type JsonObject } from '../diagnostics/json-value.ts';
import { DECISION, kubeletPath, readPodRequest } from './pod-request.ts';

export type PodRequestFacts = JsonObject;

/** The clocks of an API server and of this machine may be this far apart. */
export const CLOCKS_APART_MS = 5_000;

/** Where the events of requests go. */
export interface PodRequestSink {
  take(event: PodRequestFacts): void;
  /** Events may have been lost until now. */
  missed(): void;
}

/** Characters. */
const LONGEST_URI = 8_192;
const LONGEST_TEXT = 256;
/** Characters of a name; of a longer one only this much is kept, with a hash: a name that is just cut would be another's. */
const LONGEST_NAME = 1_024;
const MOST_ADDRESSES = 16;
const MOST_GROUPS = 64;

const TEXTS = ['kind', 'auditID', 'stage', 'stageTimestamp', 'requestReceivedTimestamp', 'verb', 'userAgent'];

/** Undefined if the event is not of such a request. */
export function podRequestFacts(event: unknown): PodRequestFacts | undefined {
  const request = readPodRequest(event)?.request;
  if (!request) return undefined;
  const { name, uid, groups, impersonated } = request.user;
  const uri = asText(at(event, 'requestURI')) ?? '';
  const cut = (value: unknown) => asText(value)?.slice(0, LONGEST_TEXT);
  const target = asObject(at(event, 'objectRef')) ?? {};
  const decision = cut(at(event, 'annotations', DECISION));
  return {
    ...Object.fromEntries(TEXTS.map((member) => [member, cut(at(event, member))])),
    requestURI: uri.length > LONGEST_URI ? unclear(uri) : uri,
    // The last one is not chosen by the client.
    sourceIPs: request.addresses.slice(-MOST_ADDRESSES).map(cut),
    user: { username: distinct(name), uid: uid && distinct(uid), groups: groups.slice(0, MOST_GROUPS).map(cut) },
    ...(impersonated !== undefined && { impersonatedUser: { username: distinct(impersonated) } }),
    objectRef: {
      resource: cut(target.resource),
      subresource: cut(target.subresource),
      namespace: cut(target.namespace),
      name: cut(target.name),
    },
    responseStatus: { code: at(event, 'responseStatus', 'code') },
    ...(decision !== undefined && { annotations: { [DECISION]: decision } }),
  };
}

function distinct(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME)}... (SHA-256 ${createHash('sha256').update(name).digest('hex')})`;
}

/** Its parameters are not known for sure any more. */
function unclear(uri: string): string {
  const [path = ''] = uri.split('?', 1);
  const asked = kubeletPath(uri)?.replaceAll('%', '%25').replaceAll('?', '%3F');
  return `${(asked === undefined ? path : `/nodes/-/proxy${asked}`).slice(0, LONGEST_URI)}?;`;
}
