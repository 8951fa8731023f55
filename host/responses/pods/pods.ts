// Pods of the cluster, changed by the API server. Each request is for one pod by its uid: another of the same name is never touched.

import { asText, asTexts, at } from '../../diagnostics/json-value.ts';
import { ApiClient } from '../../metadata/kubernetes/api.ts';
import { connect, type KubernetesPlace } from '../../metadata/kubernetes/connection.ts';

/** How long an API server that does not answer is waited for. */
const TIMEOUT_MS = 10_000;

/** A pod by the name that it has and the uid that no other has. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A pod as the API server has it. */
export interface NamedPod extends PodName {
  readonly labels: ReadonlyMap<string, string>;
  /** When it was created, in ms since the epoch, to the second. Undefined: it does not say. */
  readonly created: number | undefined;
}

/** Labels, and undefined for one that is not there. */
export type LabelChanges = ReadonlyMap<string, string | undefined>;

export interface FoundPod {
  readonly labels: ReadonlyMap<string, string>;
  /** It is being deleted, by whomever, and still there for its grace period. */
  readonly isEnding: boolean;
}

/** All reject with MetadataError, whose message has the API server's reason. */
export class Pods {
  readonly #place: KubernetesPlace;
  #client: Promise<ApiClient> | undefined;

  constructor(place: KubernetesPlace) {
    this.#place = place;
  }

  /** Has the pod deleted, with its own grace period. False if it is gone. */
  async delete(pod: PodName): Promise<boolean> {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: pod.uid } };
    return (await this.#connect()).delete(pathOf(pod), options, TIMEOUT_MS);
  }

  /** The pod as it is now; undefined if it is gone. */
  async find(pod: PodName): Promise<FoundPod | undefined> {
    const metadata = await (await this.#connect()).metadata(pathOf(pod), TIMEOUT_MS);
    if (at(metadata, 'uid') !== pod.uid) return undefined;
    return {
      labels: asTexts(at(metadata, 'labels')),
      isEnding: asText(at(metadata, 'deletionTimestamp')) !== undefined,
    };
  }

  /** The one that has the name now. */
  async named(pod: Pick<PodName, 'namespace' | 'name'>): Promise<NamedPod | undefined> {
    const metadata = await (await this.#connect()).metadata(pathOf(pod), TIMEOUT_MS);
    const uid = asText(at(metadata, 'uid'));
    if (uid === undefined) return undefined;
    const created = Date.parse(asText(at(metadata, 'creationTimestamp')) ?? '');
    const { namespace, name } = pod;
    return {
      ...{ namespace, name, uid, labels: asTexts(at(metadata, 'labels')) },
      created: Number.isNaN(created) ? undefined : created,
    };
  }

  /** False if it is gone. */
  async setLabels(pod: PodName, changes: LabelChanges): Promise<boolean> {
    const labels = Object.fromEntries([...changes].map(([name, value]) => [name, value ?? null]));
    return (await this.#connect()).patch(pathOf(pod), { metadata: { uid: pod.uid, labels } }, TIMEOUT_MS);
  }

  /** A kubeconfig file that can't be read may become readable later. */
  #connect(): Promise<ApiClient> {
    this.#client ??= connect(this.#place).then(
      (connection) => new ApiClient(connection),
      (error) => {
        this.#client = undefined;
        throw error;
      },
    );
    return this.#client;
  }
}

function pathOf({ namespace, name }: Pick<PodName, 'namespace' | 'name'>): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
}
