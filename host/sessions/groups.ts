// Which requests a session may come from, and which sessions and requests have to be seen together for that.

import { SECOND } from '../fields/time.ts';
import { byTime, firstFrom } from './by-time.ts';
import { coversPod, type RequestCoverage } from './coverage.ts';
import type { ExecEntry } from './exec-entry.ts';
import { type PodRequest, userKey } from './pod-request.ts';

/** So far the clocks of an API server and a node may be apart: a process that seems to begin before its request, or after its end. */
export const CLOCKS_APART = SECOND / 10n;
/** An API server, a kubelet and a client may each keep a request waiting for 30 s before its process begins. */
export const LONGEST_START = 120n * SECOND;
/** A session that is so near a request, and has none of its own, makes it doubtful: clocks may be further apart. */
const NEAR = 60n * SECOND;
/** A request has nothing to do with sessions that began longer before it was received, or longer after. */
export const FARTHEST_BEFORE = CLOCKS_APART + NEAR;
export const FARTHEST_AFTER = LONGEST_START + CLOCKS_APART + NEAR;
/** Sessions of a group. Beyond, nothing of it is certain: it takes somebody who begins as many sessions within two minutes. */
const MOST_SESSIONS = 1_000;
/** Connections of a pod, between sessions and requests. Beyond, nothing of it is certain. */
const MOST_CONNECTIONS = 250_000;

export interface GroupedSession {
  readonly entry: ExecEntry;
  readonly possible: readonly PodRequest[];
}

/** Sessions that are connected by requests. */
export interface SessionGroup {
  readonly sessions: readonly GroupedSession[];
  /** Whether all of it is known. */
  readonly isComplete: boolean;
}

/** All sessions that may come from a request. @param coverage undefined: all requests are known */
export function groupSessions(
  entries: readonly ExecEntry[],
  requests: readonly PodRequest[],
  coverage?: RequestCoverage,
): readonly SessionGroup[] {
  const byPod = Map.groupBy(entries, podOf);
  const requestsByPod = Map.groupBy(requests.filter(beginsProcess), podOf);
  const groups = [...byPod].flatMap(([pod, own]) => groupsOfPod(own, requestsByPod.get(pod) ?? []));
  if (!coverage) return groups;
  return groups.map(({ sessions, isComplete }) => ({
    sessions,
    isComplete: isComplete && sessions.every(({ entry }) => isCovered(entry, coverage)),
  }));
}

/** Whether each request that the session may come from is known. */
function isCovered(entry: ExecEntry, coverage: RequestCoverage): boolean {
  const { began } = entry;
  return coversPod(coverage, entry, { from: began - LONGEST_START - CLOCKS_APART, to: began + CLOCKS_APART });
}

function beginsProcess({ entry, isRefused }: PodRequest): boolean {
  return entry === 'exec' && !isRefused;
}

function podOf({ namespace, pod }: { readonly namespace: string; readonly pod: string }): string {
  return `${namespace}/${pod}`;
}

interface Node extends GroupedSession {
  /** Requests that connect it with others: the possible ones or, without any, those that it is near to. */
  readonly connecting: readonly PodRequest[];
}

function groupsOfPod(entries: readonly ExecEntry[], requests: readonly PodRequest[]): SessionGroup[] {
  const sorted = byTime(requests);
  const users = new Map(sorted.map((request) => [request, userKey(request.user)]));
  const nodes: Node[] = [];
  const sessionsOf = new Map<PodRequest, Node[]>();
  let connections = 0;
  // The rest may be of anybody who entered the pod: whose requests each may come from would take as long to find as it is many.
  let anybody: readonly PodRequest[] | undefined;
  for (const entry of entries) {
    if (connections > MOST_CONNECTIONS) {
      anybody ??= oneOfEachUser(sorted, users);
      nodes.push({ entry, possible: anybody, connecting: [] });
      continue;
    }
    const [possible, near] = requestsFor(entry, sorted);
    const connecting = possible.length > 0 ? possible : near;
    connections += connecting.length;
    const node = { entry, possible, connecting };
    nodes.push(node);
    for (const request of connecting) {
      const known = sessionsOf.get(request);
      if (known) known.push(node);
      else sessionsOf.set(request, [node]);
    }
  }
  if (connections > MOST_CONNECTIONS) return [{ sessions: nodes, isComplete: false }];
  const grouped = new Set<Node>();
  return nodes.flatMap((node) => (grouped.has(node) ? [] : [groupFrom(node, sessionsOf, grouped)]));
}

/** Enough to name all who it may be of, however many requests there are. */
function oneOfEachUser(requests: readonly PodRequest[], users: ReadonlyMap<PodRequest, string>): readonly PodRequest[] {
  return [...new Map(requests.map((request) => [users.get(request), request])).values()];
}

/** The requests that the session may come from, and those that it is only near to. */
function requestsFor(entry: ExecEntry, sorted: readonly PodRequest[]): [PodRequest[], PodRequest[]] {
  const { began } = entry;
  const [possible, near]: [PodRequest[], PodRequest[]] = [[], []];
  for (let at = firstFrom(sorted, began - LONGEST_START - CLOCKS_APART - NEAR); at < sorted.length; at++) {
    const request = sorted[at];
    if (!request || request.received > began + CLOCKS_APART + NEAR) break;
    if (!isSameCommand(entry, request)) continue;
    const closeness = closenessOf(began, request);
    if (closeness === 'possible') possible.push(request);
    else if (closeness === 'near') near.push(request);
  }
  return [possible, near];
}

function closenessOf(began: bigint, { received, ended }: PodRequest): 'possible' | 'near' | 'far' {
  const longest = received + LONGEST_START;
  const last = (ended !== undefined && ended < longest ? ended : longest) + CLOCKS_APART;
  const first = received - CLOCKS_APART;
  if (began >= first && began <= last) return 'possible';
  return began >= first - NEAR && began <= last + NEAR ? 'near' : 'far';
}

function isSameCommand({ container, commands }: ExecEntry, request: PodRequest): boolean {
  const { container: asked, command } = request;
  if (container !== undefined && asked !== undefined && container !== asked) return false;
  return commands === undefined || command === undefined || commands.has(command);
}

function groupFrom(
  first: Node,
  sessionsOf: ReadonlyMap<PodRequest, readonly Node[]>,
  grouped: Set<Node>,
): SessionGroup {
  const sessions: Node[] = [];
  const next = [first];
  grouped.add(first);
  for (let node = next.pop(); node; node = next.pop()) {
    sessions.push(node);
    for (const request of node.connecting) {
      for (const other of sessionsOf.get(request) ?? []) {
        if (grouped.has(other)) continue;
        grouped.add(other);
        next.push(other);
      }
    }
  }
  const isComplete = sessions.length <= MOST_SESSIONS && sessions.every(({ possible }) => possible.length > 0);
  return { sessions, isComplete };
}
