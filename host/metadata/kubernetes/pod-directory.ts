// The pods of this node. Deleted ones are kept for a while, because late events of theirs still come.

import type { ClusterPod, ContainerMetadata } from '../container-metadata.ts';
import type { PodLookupFailure } from '../container-state.ts';
import { asMetadataError, MetadataError, type SourceListener } from '../failure-log.ts';
import { ApiClient } from './api.ts';
import { BackOff } from './back-off.ts';
import { connect, type KubernetesPlace } from './connection.ts';
import { MISSING_MS, Owners } from './owners.ts';
import { type PodFacts, samePod } from './pod.ts';
import { PodWatch } from './pod-watch.ts';

/** Limit for deleted pods that are kept. */
const GONE_KEPT = 1024;
/** More than a node runs. */
const PODS_KEPT = 4096;

export type PodAnswer =
  | { readonly state: 'known'; readonly pod: ClusterPod }
  | { readonly state: 'pending' }
  | { readonly state: 'failed'; readonly failure: PodLookupFailure };

export interface PodListener extends SourceListener {
  /** A pod was added or changed. `uids`: the uids by which containers know it. */
  changed(uids: readonly string[]): void;
}

/** Why an awaited pod is missing, by the state of the connection to the server. */
const ABSENCES = { starting: 'timed-out', working: 'not-known', failing: 'no-answer' } as const;

interface Stored {
  facts: PodFacts;
  /** With its owners; undefined while they are requested. */
  pod?: ClusterPod;
  /** performance.now() when it was deleted. */
  goneAt?: number;
}

/** In ms; tests have shorter ones. */
interface Times {
  /** How long a pod is kept after its deletion. */
  readonly grace: number;
  /** Time after which failed requests for owners are repeated, up to twice that. */
  readonly again: number;
}

const TIMES: Times = { grace: 60_000, again: MISSING_MS };

export class PodDirectory {
  readonly #place: KubernetesPlace;
  readonly #listener: PodListener;
  readonly #times: Times;
  /** Pods by uid; deleted ones in the order of their deletion. */
  readonly #pods = new Map<string, Stored>();
  readonly #gone = new Map<string, Stored>();
  readonly #static = new Map<string, string>();
  readonly #stop = new AbortController();
  #owners: Owners | undefined;
  #client: ApiClient | undefined;
  #reach: keyof typeof ABSENCES = 'starting';

  constructor(place: KubernetesPlace, listener: PodListener, times: Partial<Times> = {}) {
    this.#place = place;
    this.#listener = listener;
    this.#times = { ...TIMES, ...times };
  }

  /** Resolves when it is closed; nothing waits for it. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    const client = await this.#connect(signal);
    if (!client) return;
    this.#client = client;
    this.#owners = new Owners(client, this.#listener, this.#times.again);
    const watch = new PodWatch(client, this.#place.node, {
      listed: (pods) => this.#listed(pods),
      changed: (pod) => this.#changed(pod),
      deleted: (uid) => this.#deleted(uid),
      working: () => {
        this.#reach = 'working';
        this.#listener.working();
      },
      failed: (error) => {
        if (error.kind !== 'expired') this.#reach = 'failing';
        this.#listener.failed(error);
      },
    });
    await watch.run(signal);
  }

  /** `uid` as containers know it. */
  find(uid: string): PodAnswer {
    const stored = this.#find(uid);
    if (stored?.pod) return { state: 'known', pod: stored.pod };
    // Do not wait for a server that does not answer.
    if (!stored && this.#reach === 'failing') return { state: 'failed', failure: 'no-answer' };
    return { state: 'pending' };
  }

  /** Why an awaited pod is missing. */
  get absence(): PodLookupFailure {
    return ABSENCES[this.#reach];
  }

  /** The API server's data on a container, from the kubelet: less than the runtime has, and later. */
  container(uid: string, fullId: string): ContainerMetadata | undefined {
    return this.#find(uid)?.facts.containers.get(fullId);
  }

  /** Existing pods, and deleted ones that are kept. */
  get size(): { readonly pods: number; readonly gone: number } {
    return { pods: this.#pods.size, gone: this.#gone.size };
  }

  close(): void {
    this.#stop.abort();
    this.#client?.close();
  }

  #find(uid: string): Stored | undefined {
    const known = this.#pods.get(uid) ?? this.#gone.get(uid);
    if (known) return known;
    const mirror = this.#static.get(uid);
    return mirror === undefined ? undefined : (this.#pods.get(mirror) ?? this.#gone.get(mirror));
  }

  /** A kubeconfig file that can't be read may become readable later. */
  async #connect(signal: AbortSignal): Promise<ApiClient | undefined> {
    const backOff = new BackOff();
    while (!signal.aborted) {
      try {
        return new ApiClient(await connect(this.#place));
      } catch (error) {
        this.#reach = 'failing';
        this.#listener.failed(asMetadataError(error));
        await backOff.wait(signal);
      }
    }
    return undefined;
  }

  #listed(pods: readonly PodFacts[]): void {
    const there = new Set(pods.map(({ uid }) => uid));
    for (const uid of this.#pods.keys()) if (!there.has(uid)) this.#deleted(uid);
    for (const pod of pods) this.#changed(pod);
  }

  #changed(facts: PodFacts): void {
    const known = this.#pods.get(facts.uid);
    if (known && samePod(known.facts, facts)) return;
    if (!known && this.#pods.size >= PODS_KEPT) {
      this.#listener.failed(new MetadataError('overflow', `this node has more than ${PODS_KEPT} pods`));
      return;
    }
    this.#gone.delete(facts.uid);
    // Known data stay until the new ones are complete.
    const stored: Stored = { ...known, facts };
    this.#pods.set(facts.uid, stored);
    if (facts.staticUid !== undefined) this.#static.set(facts.staticUid, facts.uid);
    void this.#complete(stored);
  }

  async #complete(stored: Stored): Promise<void> {
    const { facts } = stored;
    const completed = await this.#owners?.complete(facts);
    if (completed) stored.pod = completed.pod;
    // It may have changed again meanwhile.
    if (this.#find(facts.uid) !== stored) return;
    if (completed?.failed) this.#completeAgain(stored);
    this.#listener.changed(facts.staticUid === undefined ? [facts.uid] : [facts.uid, facts.staticUid]);
  }

  /** At a random time: a busy server may have refused all nodes at once. */
  #completeAgain(stored: Stored): void {
    const again = () => {
      if (!this.#stop.signal.aborted && this.#pods.get(stored.facts.uid) === stored) void this.#complete(stored);
    };
    setTimeout(again, this.#times.again * (1 + Math.random())).unref();
  }

  #deleted(uid: string): void {
    const stored = this.#pods.get(uid);
    if (!stored) return;
    this.#pods.delete(uid);
    stored.goneAt = performance.now();
    this.#gone.set(uid, stored);
    this.#forget();
  }

  /** Drops pods that were deleted long ago. */
  #forget(): void {
    const oldest = performance.now() - this.#times.grace;
    for (const [uid, { goneAt = 0, facts }] of this.#gone) {
      if (goneAt > oldest && this.#gone.size <= GONE_KEPT) return;
      this.#gone.delete(uid);
      if (facts.staticUid !== undefined && this.#static.get(facts.staticUid) === uid)
        this.#static.delete(facts.staticUid);
    }
  }
}
