// Asks the runtimes of this machine about each new container, once, and keeps the answers.

import type { ContainerNotice } from '../capture/native.ts';
import type { ContainerMetadata } from './container-metadata.ts';
import { type ContainerState, failedState, type LookupFailure } from './container-state.ts';
import { DOCKER_SOCKET, inspectContainer, PODMAN_SOCKET } from './docker.ts';
import { encodeContainer } from './encode-container.ts';
import { RUNC_ROOTS, readRuncContainer } from './runc.ts';
import { RuntimeRequestError } from './unix-http.ts';

/** How long the runtimes have to answer about one container. */
const ANSWER_TIMEOUT_MS = 1000;
const QUESTIONS_AT_ONCE = 8;
/** Containers that may wait to be asked about: more than a node runs; past that they stay unknown. */
const QUESTIONS_WAITING = 1024;
/** Answers kept, oldest dropped first. */
const ANSWERS_KEPT = 4096;

export interface RuntimePlaces {
  readonly dockerSocket: string;
  readonly podmanSocket: string;
  readonly runcRoots: readonly string[];
}

const USUAL_PLACES: RuntimePlaces = {
  dockerSocket: DOCKER_SOCKET,
  podmanSocket: PODMAN_SOCKET,
  runcRoots: RUNC_ROOTS,
};

export interface DirectoryCounters {
  /** Containers that a runtime told about. */
  readonly known: number;
  /** Containers that none knew, or that were not asked about because too many waited. */
  readonly unknown: number;
}

interface Answer {
  readonly entry: Uint8Array;
  readonly state: ContainerState;
}

const PENDING: ContainerState = { state: 'pending' };
const KNOWN: ContainerState = { state: 'known' };

export class ContainerDirectory {
  readonly #places: RuntimePlaces;
  readonly #onAnswer: (id: string, entry: Uint8Array) => void;
  readonly #answers = new Map<string, Answer>();
  /** Asked about, or about to be. */
  readonly #pending = new Set<string>();
  readonly #waiting: ContainerNotice[] = [];
  #asking = 0;
  #known = 0;
  #unknown = 0;

  /** `onAnswer` gets each container's entry, also that of one that no runtime knows. */
  constructor(onAnswer: (id: string, entry: Uint8Array) => void, places: Partial<RuntimePlaces> = {}) {
    this.#onAnswer = onAnswer;
    this.#places = { ...USUAL_PLACES, ...places };
  }

  /** A container has appeared. */
  ask(notice: ContainerNotice): void {
    if (this.#waiting.length >= QUESTIONS_WAITING) {
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

  get counters(): DirectoryCounters {
    return { known: this.#known, unknown: this.#unknown };
  }

  #next(): void {
    while (this.#asking < QUESTIONS_AT_ONCE) {
      const notice = this.#waiting.shift();
      if (!notice) return;
      this.#asking++;
      void this.#find(notice).then((found) => {
        this.#asking--;
        this.#answer(notice, found);
        this.#next();
      });
    }
  }

  #answer(notice: ContainerNotice, found: ContainerMetadata | LookupFailure): void {
    const failure = typeof found === 'string' ? found : undefined;
    const entry = encodeContainer(notice, typeof found === 'string' ? undefined : found);
    if (failure) this.#unknown++;
    else this.#known++;
    this.#pending.delete(notice.id);
    this.#answers.delete(notice.id);
    this.#answers.set(notice.id, { entry, state: failure ? failedState(failure) : KNOWN });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_KEPT) break;
      this.#answers.delete(oldest);
    }
    this.#onAnswer(notice.id, entry);
  }

  /** Never rejects. A runtime that is not there is no failure as long as another answers. */
  async #find(notice: ContainerNotice): Promise<ContainerMetadata | LookupFailure> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    let failure: LookupFailure = 'no-runtime';
    for (const ask of this.#sources(notice.type)) {
      try {
        const metadata = await ask(notice.fullId, signal);
        if (metadata) return metadata;
        failure = 'not-known';
      } catch (error) {
        if (signal.aborted) return 'timed-out';
        if (error instanceof RuntimeRequestError) failure = 'runtime-failed';
      }
    }
    return failure;
  }

  /** Whom to ask, by what the cgroup path tells of the runtime. */
  #sources(type: string): readonly ((id: string, signal: AbortSignal) => Promise<ContainerMetadata | undefined>)[] {
    const { dockerSocket, podmanSocket, runcRoots } = this.#places;
    const docker = (id: string, signal: AbortSignal) => inspectContainer('docker', dockerSocket, id, signal);
    const podman = (id: string, signal: AbortSignal) => inspectContainer('podman', podmanSocket, id, signal);
    const runc = (id: string) => readRuncContainer(id, runcRoots);
    switch (type) {
      case 'docker':
        return [docker];
      case 'podman':
        return [podman];
      case 'runc':
        return [runc];
      default:
        return [runc, docker, podman];
    }
  }
}
