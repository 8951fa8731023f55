// Asks the runtimes of this machine about each new container, once, and the API server about its pod; keeps the answers.

import type { ContainerNotice } from '../../capture/native.ts';
import type { ContainerMetadata } from '../container-metadata.ts';
import {
  type ContainerState,
  failedPodState,
  failedState,
  type LookupFailure,
  type PodState,
} from '../container-state.ts';
import { encodeContainer } from '../encode-container.ts';
import {
  type FailureCount,
  FailureLog,
  MetadataError,
  type MetadataSource,
  type SourceListener,
} from '../failure-log.ts';
import type { KubernetesPlace } from '../kubernetes/connection.ts';
import { PodDirectory } from '../kubernetes/pod-directory.ts';
import { podUidOfCgroup } from '../pod-labels.ts';
import { type ContainerAnswer, ContainerAnswers } from './container-answers.ts';
import { findContainer } from './lookup.ts';
import { type RuntimePlaces, Runtimes, usualPlaces } from './runtime-places.ts';

/** The share of events' and alerts' waiting time that the runtimes have to answer about one container. */
const ANSWER_SHARE = 0.5;
const QUESTIONS_AT_ONCE = 32;
/** Limit for queued containers: more than a node runs; beyond it they stay unknown. */
const QUESTIONS_WAITING = 1024;
/** When an unknown container is looked up again: its runtime may have been restarting. */
const AGAIN_AFTER_MS: readonly number[] = [2000, 10_000, 60_000, 600_000];
/** Time limit for the API server's data on the pod, once the runtime has answered about the container. */
const POD_SHARE = 0.35;
/** If events wait for less, an answer may still come for later ones. */
const SHORTEST_WAIT_MS = 2000;

export interface DirectoryOptions {
  /** How long, in ms, events and alerts wait for answers. Default: 2000. */
  readonly patience?: number;
  /** The places of the runtimes, if not the usual ones. */
  readonly places?: Partial<RuntimePlaces> | undefined;
  /** The API server for pods of this node; none by default. */
  readonly kubernetes?: KubernetesPlace | false | undefined;
  /** Called with a message when a source of metadata fails: once until it works again. */
  readonly onTrouble?: (message: string) => void;
}

export interface DirectoryCounters {
  /** Containers that are being looked up, or are going to be. */
  readonly pending: number;
  /** Containers that a runtime knows. */
  readonly known: number;
  /** Containers that no runtime knew when first asked, or that were not looked up because too many waited. */
  readonly unknown: number;
  /** Containers whose pod the API server answered about in time, and those whose pod it did not. */
  readonly podsKnown: number;
  readonly podsUnknown: number;
  /** Failures, by source and kind. */
  readonly failures: readonly FailureCount[];
}

interface Question {
  readonly notice: ContainerNotice;
  /** Number of earlier lookups. */
  readonly before: number;
}

const PENDING: ContainerState = { state: 'pending' };
const KNOWN: ContainerState = { state: 'known' };

export class ContainerDirectory {
  readonly #runtimes: Runtimes;
  readonly #pods: PodDirectory | undefined;
  readonly #log: FailureLog;
  readonly #patience: number;
  readonly #onAnswer: (id: string, entry: Uint8Array) => void;
  readonly #answers = new ContainerAnswers();
  /** Being looked up, or queued. */
  readonly #pending = new Set<string>();
  readonly #waiting: Question[] = [];
  #asking = 0;
  #known = 0;
  #unknown = 0;
  #podsKnown = 0;
  #podsUnknown = 0;
  #closed = false;

  /** `onAnswer` is called with each container's entry, also for one that no runtime knows, and again when more becomes known. */
  constructor(onAnswer: (id: string, entry: Uint8Array) => void, options: DirectoryOptions = {}) {
    const { places, kubernetes, patience = 0, onTrouble = () => {} } = options;
    this.#patience = Math.max(patience, SHORTEST_WAIT_MS);
    this.#onAnswer = onAnswer;
    this.#log = new FailureLog(onTrouble);
    this.#runtimes = new Runtimes({ ...usualPlaces(), ...places }, this.#listener('cri'));
    if (!kubernetes) return;
    this.#pods = new PodDirectory(kubernetes, {
      changed: (uids) => this.#podsChanged(uids),
      ...this.#listener('kubernetes'),
    });
  }

  /** Begins to look up containers that are already running. Does not block. */
  start(): void {
    void this.#runtimes.findRunning();
    void this.#pods?.run();
  }

  /** A container has appeared. */
  ask(notice: ContainerNotice): void {
    this.#ask({ notice, before: 0 });
  }

  #ask(question: Question): void {
    const { notice } = question;
    if (this.#waiting.length >= QUESTIONS_WAITING) {
      const message = `more than ${QUESTIONS_WAITING} containers wait to be looked up`;
      this.#log.failed('cri', new MetadataError('overflow', message, 'overflow'));
      this.#answer(question, 'too-many-waiting');
      return;
    }
    this.#pending.add(notice.id);
    this.#waiting.push(question);
    this.#next();
  }

  /** The entry of a container that has been looked up, once available. */
  entry(id: string): Uint8Array | undefined {
    return this.#answers.entry(id);
  }

  /** The state of a container; undefined for one that was never looked up, or is forgotten. */
  state(id: string): ContainerState | undefined {
    return this.#answers.get(id)?.state ?? (this.#pending.has(id) ? PENDING : undefined);
  }

  /** The state of the API server's data on the container's pod; undefined until the runtime has answered. */
  podState(id: string): PodState | undefined {
    return this.#answers.get(id)?.podState;
  }

  get counters(): DirectoryCounters {
    return {
      pending: this.#pending.size,
      known: this.#known,
      unknown: this.#unknown,
      podsKnown: this.#podsKnown,
      podsUnknown: this.#podsUnknown,
      failures: this.#log.counts,
    };
  }

  /** Stops all lookups; pending answers are dropped. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#runtimes.close();
    this.#pods?.close();
    this.#log.close();
    this.#answers.close();
  }

  #listener(source: MetadataSource): SourceListener {
    return {
      failed: (error) => this.#log.failed(source, error),
      working: (subject) => this.#log.working(source, subject),
    };
  }

  #next(): void {
    while (this.#asking < QUESTIONS_AT_ONCE) {
      const question = this.#waiting.shift();
      if (!question) return;
      const { notice } = question;
      this.#asking++;
      const deadline = performance.now() + this.#patience * ANSWER_SHARE;
      void findContainer(notice, this.#runtimes.for(notice), deadline, this.#log).then((found) => {
        this.#asking--;
        if (this.#closed) return;
        this.#answer(question, found);
        this.#next();
      });
    }
  }

  #answer({ notice, before }: Question, found: ContainerMetadata | LookupFailure): void {
    this.#pending.delete(notice.id);
    const answered = typeof found === 'string' ? undefined : found;
    const earlier = before > 0 ? this.#answers.get(notice.id) : undefined;
    if (earlier && !answered) {
      this.#askAgain(earlier, before);
      return;
    }
    const podUid = answered?.pod?.uid ?? podUidOfCgroup(notice.cgroup);
    const metadata = answered ?? this.#fromKubelet(podUid, notice);
    if (metadata) this.#known++;
    else this.#unknown++;
    const state = metadata || typeof found !== 'string' ? KNOWN : failedState(found);
    const answer: ContainerAnswer = { notice, metadata, state, podUid, podState: { state: 'none' } };
    if (!answered) this.#askAgain(answer, before);
    this.#askPod(answer);
    this.#publish(answer);
  }

  #askAgain(answer: ContainerAnswer, before: number): void {
    const time = AGAIN_AFTER_MS[before];
    if (time === undefined) return;
    const { notice } = answer;
    answer.againTimer = setTimeout(() => this.#ask({ notice, before: before + 1 }), time);
    answer.againTimer.unref();
  }

  /** The API server's data on a container that the runtime does not know. */
  #fromKubelet(podUid: string | undefined, { fullId }: ContainerNotice): ContainerMetadata | undefined {
    return podUid === undefined ? undefined : this.#pods?.container(podUid, fullId);
  }

  #askPod(answer: ContainerAnswer): void {
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
        answer.podTimer = setTimeout(() => this.#giveUpPod(answer), this.#patience * POD_SHARE);
        answer.podTimer.unref();
        return;
    }
  }

  #giveUpPod(answer: ContainerAnswer): void {
    this.#settlePod(answer, failedPodState(this.#pods?.absence ?? 'no-answer'));
    this.#publish(answer);
  }

  #settlePod(answer: ContainerAnswer, state: PodState): void {
    clearTimeout(answer.podTimer);
    if (state.state === 'known' && answer.podState.state !== 'known') this.#podsKnown++;
    if (state.state === 'failed') this.#podsUnknown++;
    answer.podState = state;
  }

  #podsChanged(uids: readonly string[]): void {
    for (const answer of uids.flatMap((uid) => this.#answers.ofPod(uid))) {
      const asked = answer.podUid === undefined ? undefined : this.#pods?.find(answer.podUid);
      if (asked?.state !== 'known') continue;
      this.#settlePod(answer, { state: 'known' });
      answer.pod = asked.pod;
      answer.metadata ??= this.#fromKubelet(answer.podUid, answer.notice);
      if (answer.metadata) answer.state = KNOWN;
      this.#publish(answer);
    }
  }

  #publish(answer: ContainerAnswer): void {
    const { notice, metadata, podState, pod } = answer;
    const entry = encodeContainer(notice, metadata, { state: podState.state, pod });
    this.#answers.put(answer, entry);
    this.#onAnswer(notice.id, entry);
  }
}
