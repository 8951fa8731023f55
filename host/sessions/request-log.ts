// The requests to enter pods, each joined from its events: they come more than once, in any order, and some never.

import { byTime } from './by-time.ts';
import { type PodRequest, readPodRequest } from './pod-request.ts';

export class RequestLog {
  readonly #byKey = new Map<string, PodRequest>();

  /** Oldest first. */
  get requests(): readonly PodRequest[] {
    return byTime([...this.#byKey.values()]);
  }

  /** @returns whether the event is one of such a request */
  take(event: unknown): boolean {
    const found = readPodRequest(event);
    if (!found) return false;
    const { key, request } = found;
    const known = this.#byKey.get(key);
    this.#byKey.set(key, known ? merged(known, request) : request);
    return true;
  }
}

/** What is known of a request by one of its events, and by the others. */
export function merged(one: PodRequest, other: PodRequest): PodRequest {
  const ended = one.ended ?? other.ended;
  return { ...one, ...(ended !== undefined && { ended }), isRefused: one.isRefused || other.isRefused };
}
