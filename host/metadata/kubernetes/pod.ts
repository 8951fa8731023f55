// The kept data of a pod: a hundredth of the API server's object.

import { asArray, asText, asTexts, at } from '../../diagnostics/json-value.ts';
import { boundedTexts } from '../bounded-texts.ts';
import { compact } from '../compact.ts';
import type { ContainerMetadata } from '../container-metadata.ts';
import { parseImageName } from '../image-name.ts';

/** The owner of an object. */
export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface PodFacts {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly ip?: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly serviceAccount?: string;
  readonly node?: string;
  readonly owner?: OwnerReference;
  /** The uid that the containers of a static pod (from a file of the node) have. */
  readonly staticUid?: string;
  /** Name and image of its containers, by full id, as far as the kubelet has reported them. */
  readonly containers: ReadonlyMap<string, ContainerMetadata>;
}

const STATIC_UID = 'kubernetes.io/config.hash';
/** The annotation of static pods in the API; the kubelet rejects forged ones. */
const MIRROR = 'kubernetes.io/config.mirror';
const MOST_CONTAINERS = 64;
const LONGEST_NAME = 253;

/** Undefined for an invalid pod. */
export function readPod(object: unknown): PodFacts | undefined {
  const metadata = at(object, 'metadata');
  const [uid, name, namespace] = ['uid', 'name', 'namespace'].map((key) => asName(at(metadata, key)));
  if (uid === undefined || name === undefined || namespace === undefined) return undefined;
  const annotations = asTexts(at(metadata, 'annotations'));
  return compact<PodFacts>({
    uid,
    name,
    namespace,
    ip: asName(at(object, 'status', 'podIP')),
    labels: boundedTexts(asTexts(at(metadata, 'labels'))),
    annotations: boundedTexts(annotations),
    serviceAccount: asName(at(object, 'spec', 'serviceAccountName')),
    node: asName(at(object, 'spec', 'nodeName')),
    owner: ownerOf(metadata),
    // Any pod may have the annotation, and would replace another pod.
    staticUid: annotations.has(MIRROR) ? asName(annotations.get(STATIC_UID)) : undefined,
    containers: containersOf(at(object, 'status')),
  });
}

/** The controller among the owners. */
export function ownerOf(metadata: unknown): OwnerReference | undefined {
  const references = asArray(at(metadata, 'ownerReferences'));
  const reference = references.find((owner) => at(owner, 'controller') === true) ?? references[0];
  const [kind, name, uid] = ['kind', 'name', 'uid'].map((key) => asName(at(reference, key)));
  return kind !== undefined && name !== undefined && uid !== undefined ? { kind, name, uid } : undefined;
}

/** Whether anything has changed. */
export function samePod(one: PodFacts, other: PodFacts): boolean {
  return fingerprint(one) === fingerprint(other);
}

function fingerprint(pod: PodFacts): string {
  return JSON.stringify(pod, (_, value) => (value instanceof Map ? [...value] : value));
}

function containersOf(status: unknown): ReadonlyMap<string, ContainerMetadata> {
  const lists = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'];
  const found = new Map<string, ContainerMetadata>();
  for (const container of lists.flatMap((list) => asArray(at(status, list))).slice(0, MOST_CONTAINERS)) {
    // `containerd://<id>`; `registry/name@sha256:...`, with some runtimes after a scheme
    const id = /^[\w.-]+:\/\/([0-9a-f]{64})$/.exec(asText(at(container, 'containerID')) ?? '')?.[1];
    if (id === undefined) continue;
    const digest = parseImageName(asText(at(container, 'imageID')) ?? '')?.digest;
    const facts = { name: asName(at(container, 'name')), image: asText(at(container, 'image'))?.slice(0, 1024) };
    found.set(id, compact<ContainerMetadata>({ ...facts, imageDigest: digest }));
  }
  return found;
}

/** Longest valid name of Kubernetes. */
function asName(value: unknown): string | undefined {
  const name = asText(value);
  return name !== undefined && name !== '' && name.length <= LONGEST_NAME ? name : undefined;
}
