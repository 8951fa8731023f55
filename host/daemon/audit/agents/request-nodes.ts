// Finds the node of each request to enter a pod: audit events do not name it. The API server is asked once for each request; it keeps no pods in memory.

import { setTimeout as pause } from 'node:timers/promises';
import { asNanoseconds, asText, at } from '../../../diagnostics/json-value.ts';
import { SECOND } from '../../../fields/time.ts';
import type { ApiClient } from '../../../metadata/kubernetes/api.ts';
import { type PodRequest, readPodRequest } from '../../../sessions/pod-request.ts';
import type { PodRequestFacts } from '../../../sessions/pod-request-facts.ts';

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 1_000;
/** While the API server does not answer, a request waits so long. */
const PATIENCE_MS = 60_000;
/** Requests that wait for their nodes. */
const MOST_PENDING = 4_096;
/** At a time. */
const MOST_QUESTIONS = 16;
/** Requests whose node is remembered: their further events go there as well, also when the pod is gone. */
const MOST_KNOWN = 16_384;

/** Where an event goes. */
export type Target =
  | { readonly kind: 'node'; readonly node: string }
  /** The pod is gone, or another one has its name. */
  | { readonly kind: 'unknown' }
  /** Nothing of it ran anywhere. */
  | { readonly kind: 'nowhere' }
  /** Too many wait. */
  | { readonly kind: 'overflow' };

export class RequestNodes {
  readonly #client: ApiClient;
  readonly #onFailure: (error: unknown) => void;
  readonly #now: () => number;
  /** Targets by key of the request, in the order in which they came. */
  readonly #known = new Map<string, Promise<Target>>();
  /** When undecided requests came, in their order; ms since the epoch. */
  readonly #pending = new Map<symbol, number>();
  readonly #waiting: (() => void)[] = [];
  #questions = 0;
  #isClosed = false;

  /** @param onFailure called when the API server can't be asked */
  constructor(client: ApiClient, onFailure: (error: unknown) => void, now: () => number = Date.now) {
    this.#client = client;
    this.#onFailure = onFailure;
    this.#now = now;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** All that came before are decided. In ms since the epoch. */
  get decidedUntil(): number {
    const [oldest] = this.#pending.values();
    return oldest ?? this.#now();
  }

  /** Calls back when it is decided where the event goes; at once if it can be. */
  find(event: PodRequestFacts, done: (target: Target) => void): void {
    const found = readPodRequest(event);
    const known = found && this.#known.get(found.key);
    // Whoever is refused enters nothing, and may ask as often as they like.
    if (!found || (!known && found.request.isRefused)) {
      done({ kind: 'nowhere' });
      return;
    }
    if (!known && this.#pending.size >= MOST_PENDING) {
      done({ kind: 'overflow' });
      return;
    }
    const target = known ?? this.#targetOf(event, found.request);
    if (!known) this.#remember(found.key, target);
    const ticket = Symbol();
    this.#pending.set(ticket, this.#now());
    void target.then((answer) => {
      // The message is in the backlog before it counts as decided.
      done(answer);
      this.#pending.delete(ticket);
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  #remember(key: string, target: Promise<Target>): void {
    this.#known.set(key, target);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
  }

  async #targetOf(event: PodRequestFacts, request: PodRequest): Promise<Target> {
    if (at(event, 'objectRef', 'resource') === 'nodes') {
      const node = asText(at(event, 'objectRef', 'name'));
      return node ? { kind: 'node', node } : { kind: 'unknown' };
    }
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end && !this.#isClosed) {
      try {
        return await this.#ask(request);
      } catch (error) {
        this.#onFailure(error);
        await pause(AGAIN_MS, undefined, { ref: false });
      }
    }
    return { kind: 'unknown' };
  }

  /** Rejects if the API server does not say. */
  async #ask({ namespace, pod, received }: PodRequest): Promise<Target> {
    if (this.#questions >= MOST_QUESTIONS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#questions++;
    try {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
      const found = await this.#client.get(path, TIMEOUT_MS);
      const node = asText(at(found, 'spec', 'nodeName'));
      const created = asNanoseconds(at(found, 'metadata', 'creationTimestamp'));
      // One that may be younger than the request is not the one that was entered; the time of its creation has no fraction.
      if (!node || created === undefined || created + SECOND > received) return { kind: 'unknown' };
      return { kind: 'node', node };
    } finally {
      this.#questions--;
      this.#waiting.shift()?.();
    }
  }
}
