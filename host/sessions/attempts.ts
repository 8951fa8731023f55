// Requests that begin nothing, and do not look so: kubectl from 1.31 on asks by WebSocket first (GET). An API server or kubelet that can't do
// that ends the request at once, the audit event has the status of a success, and kubectl asks by SPDY (POST).

import type { PodRequest } from './pod-request.ts';

const SECOND = 1_000_000_000n;
/** Between the end of an attempt and the request that follows, either way: the end is noted by another thread. */
const APART = 2n * SECOND;

/**
 * All requests by WebSocket of clients that have asked by SPDY after one: they may have begun nothing.
 * @param requests all that are known: one such pair tells what becomes of the others, whose second request may be lost
 */
export function attemptsIn(requests: readonly PodRequest[]): ReadonlySet<PodRequest> {
  const failing = new Set<string | undefined>();
  for (const alike of Map.groupBy(requests, likeness).values()) {
    const posts = alike.filter((request) => !isByWebSocket(request));
    for (const request of alike) {
      if (isByWebSocket(request) && posts.some((post) => follows(post, request))) failing.add(request.userAgent);
    }
  }
  return new Set(requests.filter((request) => isByWebSocket(request) && failing.has(request.userAgent)));
}

function isByWebSocket({ verb }: PodRequest): boolean {
  return verb === 'get';
}

function follows({ received }: PodRequest, attempt: PodRequest): boolean {
  const { ended = received } = attempt;
  return received >= attempt.received && received <= ended + APART && ended <= received + APART;
}

function likeness({ entry, user, namespace, pod, container, command, addresses, userAgent }: PodRequest): string {
  return JSON.stringify([entry, user, namespace, pod, container, command, addresses, userAgent]);
}
