// What an audit event of Kubernetes says about a request to enter a pod: kubectl exec, attach, port-forward or debug.

import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { asArray, asNanoseconds, asText, at, isTexts } from '../diagnostics/json-value.ts';
import { decode } from '../fields/value.ts';
import { commandHash } from './command-hash.ts';

/** The subresources that enter a pod. */
const ENTRIES = ['exec', 'attach', 'portforward', 'ephemeralcontainers'] as const;

/** Subresources of all such requests: those of a pod, and the one that asks a kubelet. */
export const ENTERING_SUBRESOURCES: readonly string[] = [...ENTRIES, 'proxy'];

export type PodEntry = (typeof ENTRIES)[number];

export interface KubernetesUser {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** Whose rights it used instead of its own. */
  readonly impersonated?: string;
}

/** Users with the same are one. */
export function userKey({ name, uid, groups, impersonated }: KubernetesUser): string {
  return JSON.stringify([name, uid, [...groups].sort(), impersonated]);
}

export interface PodRequest {
  readonly entry: PodEntry;
  /** `get` for a WebSocket, `create` for SPDY. */
  readonly verb: string;
  readonly user: KubernetesUser;
  readonly namespace: string;
  readonly pod: string;
  /** Absent if it is not named, or not for sure. */
  readonly container?: string;
  /** Hash of an exec's command: see commandHash(). Absent if it is not known for sure. */
  readonly command?: string;
  /** Addresses as audit events have them: all but the last are what the client says of itself. */
  readonly addresses: readonly string[];
  readonly userAgent?: string;
  /** ns since the epoch, by the API server's clock. */
  readonly received: bigint;
  /** When it was over. */
  readonly ended?: bigint;
  /** No process can have come of it. */
  readonly isRefused: boolean;
}

/** One of the events of a request. */
export interface PodRequestEvent {
  /** Events with the same are of one request. */
  readonly key: string;
  readonly request: PodRequest;
}

/** Undefined if the event is about something else, or says too little. */
export function readPodRequest(event: unknown): PodRequestEvent | undefined {
  const target = targetOf(event);
  const user = userOf(at(event, 'user'), at(event, 'impersonatedUser', 'username'));
  const staged = asNanoseconds(at(event, 'stageTimestamp'));
  const received = asNanoseconds(at(event, 'requestReceivedTimestamp')) ?? staged;
  if (!target || !user || received === undefined) return undefined;
  const addresses = at(event, 'sourceIPs');
  const userAgent = asText(at(event, 'userAgent'));
  const isOver = at(event, 'stage') === 'ResponseComplete';
  const request: PodRequest = {
    ...target,
    verb: asText(at(event, 'verb')) ?? '',
    user,
    addresses: isTexts(addresses) ? addresses : [],
    ...(userAgent !== undefined && { userAgent }),
    received,
    ...(isOver && staged !== undefined && { ended: staged }),
    isRefused: isRefused(event),
  };
  return { key: keyOf(event, request), request };
}

/**
 * The audit id is not enough: a client may choose it, and could so hide its request behind that of another.
 */
function keyOf(event: unknown, { user, addresses, received }: PodRequest): string {
  const own = [at(event, 'auditID'), at(event, 'requestURI'), at(event, 'verb'), at(event, 'userAgent')];
  const text = JSON.stringify([...own, user, addresses, String(received)]);
  // The text may be as long as a client likes, and is kept for each request.
  return createHash('sha256').update(text).digest('base64url');
}

/** The request of an audit event was not let through. */
export function isRefused(event: unknown): boolean {
  return isRefusal(at(event, 'responseStatus', 'code'), at(event, 'annotations', DECISION));
}

/** The annotation that has what the API server decided. */
export const DECISION = 'authorization.k8s.io/decision';

/**
 * What failed after it was let through, a status of 500 or more, may have run something before. But anybody can cause an error before rights are looked
 * at: by the header Impersonate-Group without Impersonate-User, for example.
 */
export function isRefusal(code: unknown, decision: unknown): boolean {
  return typeof code === 'number' && code >= 400 && (code < 500 || decision !== 'allow');
}

function userOf(user: unknown, impersonated: unknown): KubernetesUser | undefined {
  const [name, uid, other] = [asText(at(user, 'username')), asText(at(user, 'uid')), asText(impersonated)];
  if (!name) return undefined;
  const groups = asArray(at(user, 'groups')).filter((group) => typeof group === 'string');
  return { name, ...(uid && { uid }), groups, ...(other && { impersonated: other }) };
}

type Target = Pick<PodRequest, 'entry' | 'namespace' | 'pod' | 'container' | 'command'>;

function targetOf(event: unknown): Target | undefined {
  const [resource, subresource] = [at(event, 'objectRef', 'resource'), at(event, 'objectRef', 'subresource')];
  const uri = asText(at(event, 'requestURI')) ?? '';
  if (resource === 'nodes' && subresource === 'proxy') return targetOfKubelet(uri);
  const entry = ENTRIES.find((one) => one === subresource);
  const [namespace, pod] = [asText(at(event, 'objectRef', 'namespace')), asText(at(event, 'objectRef', 'name'))];
  if (resource !== 'pods' || !entry || !namespace || !pod) return undefined;
  const query = queryOf(uri);
  const containers = query?.get('container');
  const [container] = containers ?? [];
  return {
    entry,
    namespace,
    pod,
    // The API server takes the first of several. The container of a command that names none is the only one of its pod.
    ...(container && { container }),
    ...(entry === 'exec' && query && { command: commandHash(query.get('command') ?? []) }),
  };
}

/**
 * The path of a request by `nodes/NODE/proxy` as the kubelet gets it: decoded, without `.`, `..` and empty parts. Undefined if it is not such a
 * request.
 */
export function kubeletPath(uri: string): string | undefined {
  const [path = ''] = uri.split('?', 1);
  const [, rest] = /\/nodes\/[^/]+\/proxy\/(.*)$/s.exec(percentDecoded(path)) ?? [];
  return rest === undefined ? undefined : posix.normalize(`/${rest}`);
}

/** The pod that a request by `nodes/NODE/proxy` enters; undefined if it enters none. */
export function enteredByKubelet(uri: string): { readonly namespace: string; readonly name: string } | undefined {
  const target = targetOfKubelet(uri);
  return target && { namespace: target.namespace, name: target.pod };
}

/** `exec/NAMESPACE/POD[/UID]/CONTAINER`: the same by the kubelet's own interface. */
function targetOfKubelet(uri: string): Target | undefined {
  const [, verb, rest = ''] = /^\/(exec|run|attach|portforward)\/(.+)$/is.exec(kubeletPath(uri) ?? '') ?? [];
  const parts = rest.split('/');
  const [namespace, pod] = parts;
  if (!verb || !namespace || !pod) return undefined;
  const container = parts.length > 2 ? parts.at(-1) : undefined;
  const entry = verb === 'run' ? 'exec' : (ENTRIES.find((one) => one === verb.toLowerCase()) ?? 'exec');
  // What `run` runs may be in the request's body, whatever its URI says.
  const words = verb === 'run' ? undefined : queryOf(uri)?.get('command');
  return {
    entry,
    namespace,
    pod,
    ...(container && { container }),
    ...(entry === 'exec' && words && { command: commandHash(words) }),
  };
}

/** Also bytes that are not encoded, of which the event may show others; and NULs, at which a runtime may end an argument. */
const UNCLEAR = /[^\x20-\x7e]|;|%00|%(?![0-9A-Fa-f]{2})/;

/** Whether a request to create something creates nothing. The API server takes no other value, and what is unclear is taken for earnest. */
export function isDryRun(uri: string): boolean {
  return queryOf(uri)?.get('dryRun')?.includes('All') ?? false;
}

/** All values of each parameter. Undefined for what versions of Go read differently, and what a process may show differently. */
function queryOf(uri: string): ReadonlyMap<string, readonly string[]> | undefined {
  const mark = uri.indexOf('?');
  const query = mark < 0 ? '' : uri.slice(mark + 1);
  if (UNCLEAR.test(query)) return undefined;
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const key = percentDecoded(name.replaceAll('+', ' '));
    const known = values.get(key) ?? [];
    known.push(percentDecoded(value.replaceAll('+', ' ')));
    values.set(key, known);
  }
  return values;
}

/** The text, decoded as texts of processes are: what is no UTF-8 becomes U+FFFD. */
function percentDecoded(text: string): string {
  const bytes: Uint8Array[] = [];
  let from = 0;
  for (const { 0: code, index } of text.matchAll(/%[0-9A-Fa-f]{2}/g)) {
    bytes.push(Buffer.from(text.slice(from, index)), Uint8Array.of(Number.parseInt(code.slice(1), 16)));
    from = index + code.length;
  }
  return from === 0 ? text : decode(Buffer.concat([...bytes, Buffer.from(text.slice(from))]));
}
