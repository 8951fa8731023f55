// Asks the runtimes of this machine about each new container, once, and keeps the answers.

import type { ContainerNotice } from '../capture/native.ts';
import type { ContainerMetadata } from './container-metadata.ts';
import { DOCKER_SOCKET, inspectContainer, PODMAN_SOCKET } from './docker.ts';
import { encodeContainer } from './encode-container.ts';
import { RUNC_ROOTS, readRuncContainer } from './runc.ts';

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

export class ContainerDirectory {
  readonly #places: RuntimePlaces;
  readonly #onAnswer: (id: string, entry: Uint8Array) => void;
  readonly #entries = new Map<string, Uint8Array>();
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
      this.#answer(notice, undefined);
      return;
    }
    this.#waiting.push(notice);
    this.#next();
  }

  /** The entry of a container that has been asked about, once it is there. */
  entry(id: string): Uint8Array | undefined {
    return this.#entries.get(id);
  }

  get counters(): DirectoryCounters {
    return { known: this.#known, unknown: this.#unknown };
  }

  #next(): void {
    while (this.#asking < QUESTIONS_AT_ONCE) {
      const notice = this.#waiting.shift();
      if (!notice) return;
      this.#asking++;
      void this.#find(notice).then((metadata) => {
        this.#asking--;
        this.#answer(notice, metadata);
        this.#next();
      });
    }
  }

  #answer(notice: ContainerNotice, metadata: ContainerMetadata | undefined): void {
    const entry = encodeContainer(notice, metadata);
    if (metadata) this.#known++;
    else this.#unknown++;
    this.#entries.delete(notice.id);
    this.#entries.set(notice.id, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ANSWERS_KEPT) break;
      this.#entries.delete(oldest);
    }
    this.#onAnswer(notice.id, entry);
  }

  /** Never rejects: a runtime that is not there, or fails, does not know the container. */
  async #find(notice: ContainerNotice): Promise<ContainerMetadata | undefined> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    for (const ask of this.#sources(notice.type)) {
      try {
        const metadata = await ask(notice.fullId, signal);
        if (metadata) return metadata;
      } catch {
        if (signal.aborted) return undefined;
      }
    }
    return undefined;
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
