// Requests by the time at which they were received.

import type { PodRequest } from './pod-request.ts';

/** Oldest first. */
export function byTime(requests: readonly PodRequest[]): readonly PodRequest[] {
  return requests.toSorted((one, other) =>
    one.received < other.received ? -1 : one.received > other.received ? 1 : 0,
  );
}

/** The index of the first request that was received then or later. */
export function firstFrom(sorted: readonly PodRequest[], time: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.received ?? time) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
