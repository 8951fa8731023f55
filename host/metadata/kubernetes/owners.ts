// Whom a pod was made for: its chain of owners, and its namespace. Each is asked for when a pod needs it, and remembered.

import { boundedTexts } from '../bounded-texts.ts';
import type { ClusterObject, ClusterPod } from '../container-metadata.ts';
import { asMetadataError, MetadataError, type SourceListener } from '../failure-log.ts';
import { asText, asTexts, at } from '../json-value.ts';
import type { ApiClient } from './api.ts';
import { type OwnerReference, ownerOf, type PodFacts } from './pod.ts';

const TIMEOUT_MS = 5000;
/** Requests: at the start all pods of the node need owners, and all nodes may start at once. */
const AT_ONCE = 4;
const OBJECTS_KEPT = 1024;
/** Labels may change; a namespace's decide more. */
const OWNER_MS = 30 * 60_000;
const NAMESPACE_MS = 5 * 60_000;
/** Of what is not there, or can't be had. */
const MISSING_MS = 30_000;

/** Where the API has the kinds whose owners or labels are asked for; the chain ends with any other kind. */
const PATHS: Readonly<Record<string, string>> = {
  ReplicaSet: '/apis/apps/v1/namespaces/%/replicasets/',
  Deployment: '/apis/apps/v1/namespaces/%/deployments/',
  Job: '/apis/batch/v1/namespaces/%/jobs/',
  ReplicationController: '/api/v1/namespaces/%/replicationcontrollers/',
};
/** A chain has two links; a ring has no end. */
const LONGEST_CHAIN = 4;

interface OwnedObject extends ClusterObject {
  readonly owner?: OwnerReference;
}

interface Remembered {
  readonly object: Promise<OwnedObject | undefined>;
  until: number;
}

export class Owners {
  readonly #client: ApiClient;
  readonly #listener: SourceListener;
  readonly #objects = new Map<string, Remembered>();
  readonly #waiting: (() => void)[] = [];
  #asking = 0;

  constructor(client: ApiClient, listener: SourceListener) {
    this.#client = client;
    this.#listener = listener;
  }

  /** Never rejects: what can't be found out is left out. */
  async complete(pod: PodFacts): Promise<ClusterPod> {
    const [namespaceObject, chain] = await Promise.all([
      this.#object(`/api/v1/namespaces/${encodeURIComponent(pod.namespace)}`, NAMESPACE_MS),
      this.#chain(pod),
    ]);
    const { owner: _, staticUid: __, containers: ___, ...facts } = pod;
    return { ...facts, ...(namespaceObject && { namespaceObject }), ...chain };
  }

  async #chain({ namespace, owner: first }: PodFacts): Promise<Partial<ClusterPod>> {
    const found: { -readonly [Key in keyof ClusterPod]?: ClusterPod[Key] } = {};
    let owner = first;
    for (let link = 0; owner && link < LONGEST_CHAIN; link++) {
      found.owner = owner;
      const path = Object.hasOwn(PATHS, owner.kind) ? PATHS[owner.kind] : undefined;
      if (path === undefined) break;
      const place = path.replace('%', encodeURIComponent(namespace)) + encodeURIComponent(owner.name);
      const asked = await this.#object(place, OWNER_MS, owner.uid);
      // Another object of the same name is not the owner.
      const object = asked?.uid === owner.uid ? asked : undefined;
      const known: ClusterObject = { name: owner.name, uid: owner.uid, labels: object?.labels ?? new Map() };
      if (owner.kind === 'Deployment') found.deployment = known;
      else if (owner.kind === 'ReplicaSet') found.replicaSet = known;
      else if (owner.kind === 'ReplicationController') found.replicationController = known;
      owner = object?.owner;
    }
    return found;
  }

  /** `uid`: of the object that is meant, where a later one may have its name. */
  #object(path: string, keepMs: number, uid = ''): Promise<OwnedObject | undefined> {
    const key = `${path} ${uid}`;
    const now = performance.now();
    const known = this.#objects.get(key);
    if (known && known.until > now) return known.object;
    const object = this.#ask(path);
    const remembered: Remembered = { object, until: now + keepMs };
    void object.then((found) => {
      if (!found) remembered.until = performance.now() + MISSING_MS;
    });
    this.#objects.delete(key);
    this.#objects.set(key, remembered);
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= OBJECTS_KEPT) break;
      this.#objects.delete(oldest);
    }
    return object;
  }

  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#asking < AT_ONCE) this.#asking++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await ask();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#asking--;
    }
  }

  async #ask(path: string): Promise<OwnedObject | undefined> {
    // Which kinds may be read is the cluster's decision.
    const subject = path.split('/').at(-2) ?? '';
    try {
      const metadata = await this.#inTurn(() => this.#client.metadata(path, TIMEOUT_MS));
      this.#listener.working(subject);
      const [name, uid] = [asText(at(metadata, 'name')), asText(at(metadata, 'uid'))];
      if (name === undefined || uid === undefined) return undefined;
      const owner = ownerOf(metadata);
      return { name, uid, labels: boundedTexts(asTexts(at(metadata, 'labels'))), ...(owner && { owner }) };
    } catch (error) {
      const { kind, message } = asMetadataError(error);
      this.#listener.failed(new MetadataError(kind, message, subject));
      return undefined;
    }
  }
}
