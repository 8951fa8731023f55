// What is kept of an audit event: all that readPodRequest() reads, within bounds. What a client chooses can't take the room of others' events.

import { asObject, asText, at, type JsonObject } from '../diagnostics/json-value.ts';
import { readPodRequest } from './pod-request.ts';

export type PodRequestFacts = JsonObject;

/** Characters. */
const LONGEST_URI = 8_192;
const LONGEST_TEXT = 256;
/** A name that is cut would be another's. */
const LONGEST_NAME = 1_024;
const MOST_ADDRESSES = 16;
const MOST_GROUPS = 64;

const TEXTS = ['kind', 'auditID', 'stage', 'stageTimestamp', 'requestReceivedTimestamp', 'verb', 'userAgent'];

/** Undefined if the event is not of such a request, or of a user with a name of thousands of letters. */
export function podRequestFacts(event: unknown): PodRequestFacts | undefined {
  const request = readPodRequest(event)?.request;
  if (!request) return undefined;
  const { name, uid, groups, impersonated } = request.user;
  if ([name, uid, impersonated].some((text = '') => text.length > LONGEST_NAME)) return undefined;
  const uri = asText(at(event, 'requestURI')) ?? '';
  const cut = (value: unknown) => asText(value)?.slice(0, LONGEST_TEXT);
  const target = asObject(at(event, 'objectRef')) ?? {};
  return {
    ...Object.fromEntries(TEXTS.map((member) => [member, cut(at(event, member))])),
    requestURI: uri.length > LONGEST_URI ? unclear(uri) : uri,
    sourceIPs: request.addresses.slice(0, MOST_ADDRESSES).map(cut),
    user: { username: name, uid, groups: groups.slice(0, MOST_GROUPS).map(cut) },
    ...(impersonated !== undefined && { impersonatedUser: { username: impersonated } }),
    objectRef: {
      resource: cut(target.resource),
      subresource: cut(target.subresource),
      namespace: cut(target.namespace),
      name: cut(target.name),
    },
    responseStatus: { code: at(event, 'responseStatus', 'code') },
  };
}

/** Its parameters are not known for sure any more. */
function unclear(uri: string): string {
  const [path = ''] = uri.split('?', 1);
  return `${path.slice(0, LONGEST_URI)}?;`;
}
