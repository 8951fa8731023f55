// A pod's chain of owners, and its namespace. Each is requested when a pod needs it, and cached.

import { asText, asTexts, at } from '../../diagnostics/json-value.ts';
import { boundedTexts } from '../bounded-texts.ts';
import type { ClusterObject, ClusterPod } from '../container-metadata.ts';
import { asMetadataError, MetadataError, type SourceListener } from '../failure-log.ts';
import { Slots } from '../slots.ts';
import type { ApiClient } from './api.ts';
import { type OwnerReference, ownerOf, type PodFacts } from './pod.ts';

const TIMEOUT_MS = 5000;
/** Limit for concurrent requests: at the start all pods of the node need owners, and all nodes may start at once. */
const AT_ONCE = 4;
const OBJECTS_KEPT = 1024;
/** How long they are cached: labels may change, and those of namespaces matter more. */
const OWNER_MS = 30 * 60_000;
const NAMESPACE_MS = 5 * 60_000;
/** How long a missing or failed object is cached. */
export const MISSING_MS = 30_000;

/** API paths of the kinds whose owners or labels are requested; any other kind ends the chain. */
const PATHS: Readonly<Record<string, string>> = {
  ReplicaSet: '/apis/apps/v1/namespaces/%/replicasets/',
  Deployment: '/apis/apps/v1/namespaces/%/deployments/',
  Job: '/apis/batch/v1/namespaces/%/jobs/',
  ReplicationController: '/api/v1/namespaces/%/replicationcontrollers/',
};
/** A chain has two links; a cycle has no end. */
const LONGEST_CHAIN = 4;

interface OwnedObject extends ClusterObject {
  readonly owner?: OwnerReference;
}

interface Answer {
  /** Undefined if it does not exist, or may not be read. */
  readonly object?: OwnedObject;
  /** The request failed. */
  readonly failed?: boolean;
}

interface Remembered {
  readonly answer: Promise<Answer>;
  until: number;
}

export interface CompletedPod {
  readonly pod: ClusterPod;
  /** Some parts are missing that a later request may return. */
  readonly failed: boolean;
}

export class Owners {
  readonly #client: ApiClient;
  readonly #listener: SourceListener;
  readonly #missingMs: number;
  readonly #objects = new Map<string, Remembered>();
  readonly #slots = new Slots(AT_ONCE);

  constructor(client: ApiClient, listener: SourceListener, missingMs = MISSING_MS) {
    this.#client = client;
    this.#listener = listener;
    this.#missingMs = missingMs;
  }

  /** Never rejects: parts whose requests fail are omitted. */
  async complete(pod: PodFacts): Promise<CompletedPod> {
    const [namespace, chain] = await Promise.all([
      this.#object(`/api/v1/namespaces/${encodeURIComponent(pod.namespace)}`, NAMESPACE_MS),
      this.#chain(pod),
    ]);
    const { owner: _, staticUid: __, containers: ___, ...facts } = pod;
    const namespaceObject = namespace.object;
    return {
      pod: { ...facts, ...(namespaceObject && { namespaceObject }), ...chain.found },
      failed: namespace.failed === true || chain.failed,
    };
  }

  async #chain({ namespace, owner: first }: PodFacts): Promise<{ found: Partial<ClusterPod>; failed: boolean }> {
    const found: { -readonly [Key in keyof ClusterPod]?: ClusterPod[Key] } = {};
    let owner = first;
    let failed = false;
    for (let link = 0; owner && link < LONGEST_CHAIN; link++) {
      found.owner = owner;
      const path = Object.hasOwn(PATHS, owner.kind) ? PATHS[owner.kind] : undefined;
      if (path === undefined) break;
      const place = path.replace('%', encodeURIComponent(namespace)) + encodeURIComponent(owner.name);
      const answer = await this.#object(place, OWNER_MS, owner.uid);
      failed ||= answer.failed === true;
      // Another object of the same name is not the owner.
      const object = answer.object?.uid === owner.uid ? answer.object : undefined;
      const known: ClusterObject = { name: owner.name, uid: owner.uid, labels: object?.labels ?? new Map() };
      if (owner.kind === 'Deployment') found.deployment = known;
      else if (owner.kind === 'ReplicaSet') found.replicaSet = known;
      else if (owner.kind === 'ReplicationController') found.replicationController = known;
      owner = object?.owner;
    }
    return { found, failed };
  }

  /** `uid`: identifies the object, because a later one may have the same name. */
  #object(path: string, keepMs: number, uid = ''): Promise<Answer> {
    const key = `${path} ${uid}`;
    const now = performance.now();
    const known = this.#objects.get(key);
    if (known && known.until > now) return known.answer;
    const answer = this.#ask(path);
    const remembered: Remembered = { answer, until: now + keepMs };
    void answer.then(({ object }) => {
      if (!object) remembered.until = performance.now() + this.#missingMs;
    });
    this.#objects.delete(key);
    this.#objects.set(key, remembered);
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= OBJECTS_KEPT) break;
      this.#objects.delete(oldest);
    }
    return answer;
  }

  async #ask(path: string): Promise<Answer> {
    // The cluster decides which kinds may be read.
    const subject = path.split('/').at(-2) ?? '';
    try {
      const metadata = await this.#slots.take(() => this.#client.metadata(path, TIMEOUT_MS));
      this.#listener.working(subject);
      const [name, uid] = [asText(at(metadata, 'name')), asText(at(metadata, 'uid'))];
      if (name === undefined || uid === undefined) return {};
      const owner = ownerOf(metadata);
      const labels = boundedTexts(asTexts(at(metadata, 'labels')));
      return { object: { name, uid, labels, ...(owner && { owner }) } };
    } catch (error) {
      const { kind, message } = asMetadataError(error);
      this.#listener.failed(new MetadataError(kind, message, subject));
      return { failed: kind !== 'denied' };
    }
  }
}
