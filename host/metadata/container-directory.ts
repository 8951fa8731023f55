// Asks the runtimes of this machine about each new container, once, and the API server about its pod; keeps the answers.

import type { ContainerNotice } from '../capture/native.ts';
import type { ClusterPod, ContainerMetadata } from './container-metadata.ts';
import {
  type ContainerState,
  failedPodState,
  failedState,
  type LookupFailure,
  type PodState,
} from './container-state.ts';
import { encodeContainer } from './encode-container.ts';
import {
  type FailureCount,
  FailureLog,
  MetadataError,
  type MetadataSource,
  type SourceListener,
} from './failure-log.ts';
import type { KubernetesPlace } from './kubernetes/connection.ts';
import { PodDirectory } from './kubernetes/pod-directory.ts';
import { findContainer } from './lookup.ts';
import { podUidOfCgroup } from './pod-labels.ts';
import { type RuntimePlaces, Runtimes, usualPlaces } from './runtime-places.ts';

/** How long the runtimes have to answer about one container. */
const ANSWER_TIMEOUT_MS = 1000;
const QUESTIONS_AT_ONCE = 8;
/** Containers that may wait to be asked about: more than a node runs; past that they stay unknown. */
const QUESTIONS_WAITING = 1024;
/** Answers kept, oldest dropped first. */
const ANSWERS_KEPT = 4096;
/** Bytes of their entries; most have two or three KB. */
const BYTES_KEPT = 32 << 20;
/** How long the API server has to tell of the pod of a container that the runtime has told of. */
const POD_TIMEOUT_MS = 700;

export interface DirectoryOptions {
  /** Where the runtimes are, if not at their usual places. */
  readonly places?: Partial<RuntimePlaces> | undefined;
  /** Where the pods of this node are asked for; nowhere by default. */
  readonly kubernetes?: KubernetesPlace | false | undefined;
  /** Gets a sentence when a source of metadata fails: one until it works again. */
  readonly onTrouble?: (message: string) => void;
}

export interface DirectoryCounters {
  /** Containers that a runtime told about. */
  readonly known: number;
  /** Containers that none knew, or that were not asked about because too many waited. */
  readonly unknown: number;
  /** Containers whose pod the API server told of in time, and those where it did not. */
  readonly podsKnown: number;
  readonly podsUnknown: number;
  /** What went wrong, by source and kind. */
  readonly failures: readonly FailureCount[];
}

interface Answer {
  readonly notice: ContainerNotice;
  metadata: ContainerMetadata | undefined;
  state: ContainerState;
  /** As containers know it. */
  readonly podUid: string | undefined;
  pod?: ClusterPod;
  podState: PodState;
  timer?: NodeJS.Timeout;
  entry: Uint8Array;
}

const PENDING: ContainerState = { state: 'pending' };
const KNOWN: ContainerState = { state: 'known' };

export class ContainerDirectory {
  readonly #runtimes: Runtimes;
  readonly #pods: PodDirectory | undefined;
  readonly #log: FailureLog;
  readonly #onAnswer: (id: string, entry: Uint8Array) => void;
  readonly #answers = new Map<string, Answer>();
  /** Containers by the uid of their pod, as they know it. */
  readonly #byPod = new Map<string, Set<Answer>>();
  /** Asked about, or about to be. */
  readonly #pending = new Set<string>();
  readonly #waiting: ContainerNotice[] = [];
  #bytes = 0;
  #asking = 0;
  #known = 0;
  #unknown = 0;
  #podsKnown = 0;
  #podsUnknown = 0;
  #closed = false;

  /** `onAnswer` gets each container's entry, also that of one that no runtime knows; again when more becomes known. */
  constructor(onAnswer: (id: string, entry: Uint8Array) => void, options: DirectoryOptions = {}) {
    const { places, kubernetes, onTrouble = () => {} } = options;
    this.#onAnswer = onAnswer;
    this.#log = new FailureLog(onTrouble);
    this.#runtimes = new Runtimes({ ...usualPlaces(), ...places }, this.#listener('cri'));
    if (!kubernetes) return;
    this.#pods = new PodDirectory(kubernetes, {
      changed: (uids) => this.#podsChanged(uids),
      ...this.#listener('kubernetes'),
    });
  }

  /** Begins to find out about what runs already. Nothing waits for it. */
  start(): void {
    void this.#runtimes.findRunning();
    void this.#pods?.run();
  }

  /** A container has appeared. */
  ask(notice: ContainerNotice): void {
    if (this.#waiting.length >= QUESTIONS_WAITING) {
      const message = `more than ${QUESTIONS_WAITING} containers wait to be asked about`;
      this.#log.failed('cri', new MetadataError('overflow', message, 'overflow'));
      this.#answer(notice, 'too-many-waiting');
      return;
    }
    this.#pending.add(notice.id);
    this.#waiting.push(notice);
    this.#next();
  }

  /** The entry of a container that has been asked about, once it is there. */
  entry(id: string): Uint8Array | undefined {
    return this.#answers.get(id)?.entry;
  }

  /** How much is known of a container; undefined for one that has not been asked about, or so long ago that it is forgotten. */
  state(id: string): ContainerState | undefined {
    return this.#answers.get(id)?.state ?? (this.#pending.has(id) ? PENDING : undefined);
  }

  /** The same of what the API server tells of its pod; undefined until the runtime has answered. */
  podState(id: string): PodState | undefined {
    return this.#answers.get(id)?.podState;
  }

  get counters(): DirectoryCounters {
    return {
      known: this.#known,
      unknown: this.#unknown,
      podsKnown: this.#podsKnown,
      podsUnknown: this.#podsUnknown,
      failures: this.#log.counts,
    };
  }

  /** Nothing is asked any more; answers that are on their way are dropped. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#runtimes.close();
    this.#pods?.close();
    for (const { timer } of this.#answers.values()) clearTimeout(timer);
  }

  #listener(source: MetadataSource): SourceListener {
    return {
      failed: (error) => this.#log.failed(source, error),
      working: (subject) => this.#log.working(source, subject),
    };
  }

  #next(): void {
    while (this.#asking < QUESTIONS_AT_ONCE) {
      const notice = this.#waiting.shift();
      if (!notice) return;
      this.#asking++;
      const deadline = Date.now() + ANSWER_TIMEOUT_MS;
      void findContainer(notice, this.#runtimes.for(notice), deadline, this.#log).then((found) => {
        this.#asking--;
        if (this.#closed) return;
        this.#answer(notice, found);
        this.#next();
      });
    }
  }

  #answer(notice: ContainerNotice, found: ContainerMetadata | LookupFailure): void {
    const told = typeof found === 'string' ? undefined : found;
    const podUid = told?.pod?.uid ?? podUidOfCgroup(notice.cgroup);
    const metadata = told ?? this.#fromKubelet(podUid, notice);
    if (metadata) this.#known++;
    else this.#unknown++;
    const answer: Answer = {
      notice,
      metadata,
      state: metadata || typeof found !== 'string' ? KNOWN : failedState(found),
      podUid,
      podState: { state: 'none' },
      entry: NO_ENTRY,
    };
    this.#pending.delete(notice.id);
    this.#keep(answer);
    this.#askPod(answer);
    this.#publish(answer);
  }

  /** What the API server knows of a container that the runtime did not tell of. */
  #fromKubelet(podUid: string | undefined, { fullId }: ContainerNotice): ContainerMetadata | undefined {
    return podUid === undefined ? undefined : this.#pods?.container(podUid, fullId);
  }

  #askPod(answer: Answer): void {
    const { podUid } = answer;
    if (!this.#pods || podUid === undefined) return;
    const asked = this.#pods.find(podUid);
    switch (asked.state) {
      case 'known':
        this.#settlePod(answer, { state: 'known' });
        answer.pod = asked.pod;
        return;
      case 'failed':
        this.#settlePod(answer, failedPodState(asked.failure));
        return;
      case 'pending':
        answer.podState = { state: 'pending' };
        answer.timer = setTimeout(() => this.#giveUpPod(answer), POD_TIMEOUT_MS);
        answer.timer.unref();
        return;
    }
  }

  #giveUpPod(answer: Answer): void {
    this.#settlePod(answer, failedPodState(this.#pods?.absence ?? 'no-answer'));
    this.#publish(answer);
  }

  #settlePod(answer: Answer, state: PodState): void {
    clearTimeout(answer.timer);
    if (state.state === 'known' && answer.podState.state !== 'known') this.#podsKnown++;
    if (state.state === 'failed') this.#podsUnknown++;
    answer.podState = state;
  }

  #podsChanged(uids: readonly string[]): void {
    for (const answer of uids.flatMap((uid) => [...(this.#byPod.get(uid) ?? [])])) {
      const asked = answer.podUid === undefined ? undefined : this.#pods?.find(answer.podUid);
      if (asked?.state !== 'known') continue;
      this.#settlePod(answer, { state: 'known' });
      answer.pod = asked.pod;
      answer.metadata ??= this.#fromKubelet(answer.podUid, answer.notice);
      if (answer.metadata) answer.state = KNOWN;
      this.#publish(answer);
    }
  }

  #publish(answer: Answer): void {
    const { notice, metadata, podState, pod } = answer;
    this.#bytes -= answer.entry.length;
    answer.entry = encodeContainer(notice, metadata, { state: podState.state, pod });
    if (this.#answers.get(notice.id) === answer) this.#bytes += answer.entry.length;
    this.#onAnswer(notice.id, answer.entry);
  }

  #keep(answer: Answer): void {
    const { id } = answer.notice;
    this.#drop(id);
    this.#answers.set(id, answer);
    if (answer.podUid !== undefined) {
      const siblings = this.#byPod.get(answer.podUid);
      if (siblings) siblings.add(answer);
      else this.#byPod.set(answer.podUid, new Set([answer]));
    }
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_KEPT && this.#bytes <= BYTES_KEPT) break;
      this.#drop(oldest);
    }
  }

  #drop(id: string): void {
    const answer = this.#answers.get(id);
    if (!answer) return;
    this.#answers.delete(id);
    this.#bytes -= answer.entry.length;
    clearTimeout(answer.timer);
    const siblings = answer.podUid === undefined ? undefined : this.#byPod.get(answer.podUid);
    siblings?.delete(answer);
    if (answer.podUid !== undefined && siblings?.size === 0) this.#byPod.delete(answer.podUid);
  }
}

const NO_ENTRY = new Uint8Array(0);
