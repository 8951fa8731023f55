// Requests that begin nothing, and do not look so: kubectl from 1.31 on asks by WebSocket first (GET). An API server or kubelet that can't do
// that ends the request at once, the audit event has the status of a success, and kubectl asks by SPDY (POST).

import { SECOND } from '../fields/time.ts';
import { byTime, firstFrom } from './by-time.ts';
import type { PodRequest } from './pod-request.ts';

/** Between the end of an attempt and the request that follows, either way: the end is noted by another thread. */
const APART = 2n * SECOND;

export interface Attempts {
  /** Requests by WebSocket, of clients that have asked by SPDY after one: they may have begun nothing. */
  readonly possible: ReadonlySet<PodRequest>;
  /** Requests after which the client has asked by SPDY. */
  readonly repeated: ReadonlySet<PodRequest>;
}

/**
 * @param requests all that are known: one such pair tells what becomes of the others, whose second request may be lost
 * @param known clients of which such a pair was seen elsewhere
 */
export function attemptsIn(requests: readonly PodRequest[], known: ReadonlySet<string> = new Set()): Attempts {
  const repeated = new Set<PodRequest>();
  for (const alike of Map.groupBy(requests, likeness).values()) {
    const posts = byTime(alike.filter((request) => !isByWebSocket(request) && !request.isRefused));
    for (const request of alike) if (isByWebSocket(request) && isFollowed(request, posts)) repeated.add(request);
  }
  // Whoever is refused must not decide what becomes of others' requests.
  const clients = new Set<string | undefined>(known);
  for (const { isRefused, userAgent } of repeated) if (!isRefused) clients.add(userAgent);
  const possible = requests.filter((request) => isByWebSocket(request) && clients.has(request.userAgent));
  return { possible: new Set(possible), repeated };
}

function isByWebSocket({ verb }: PodRequest): boolean {
  return verb === 'get';
}

function isFollowed({ received, ended = received }: PodRequest, posts: readonly PodRequest[]): boolean {
  const earliest = ended - APART;
  const next = posts[firstFrom(posts, earliest > received ? earliest : received)];
  return next !== undefined && next.received <= ended + APART;
}

function likeness({ entry, user, namespace, pod, container, command, addresses, userAgent }: PodRequest): string {
  return JSON.stringify([entry, user, namespace, pod, container, command, addresses, userAgent]);
}
