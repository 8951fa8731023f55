// Encodes a container's entry for the sandbox's table, from the cgroup path, the runtime's and the API server's data.

import type { ContainerNotice } from '../capture/native.ts';
import { CONTAINER, CONTAINER_STATE, HOST_NAMESPACE, POD_STATE } from '../schema/container.ts';
import { encodeStruct, type StructInput } from '../schema/encode-struct.ts';
import type {
  ClusterObject,
  ClusterPod,
  ContainerMetadata,
  ContainerMount,
  HostNamespaces,
  PodOfContainer,
} from './container-metadata.ts';
import type { PodState } from './container-state.ts';
import { parseImageName } from './image-name.ts';

/** Longest text of one member, in characters: the creator of a container chooses its labels. */
const LONGEST_TEXT = 16 * 1024;
/** Limit for all texts of an entry: the table allows 256 KB, and a character has up to three bytes. Labels beyond it are omitted. */
const LONGEST_TEXTS = 80 * 1024;
const PRIVILEGED_UNKNOWN = 255;
const KUBERNETES_LABEL = 'io.kubernetes.';

export interface PodView {
  readonly state: PodState['state'];
  readonly pod?: ClusterPod | undefined;
}

const NO_POD: PodView = { state: 'none' };

/** `metadata` undefined: the runtime did not answer. */
export function encodeContainer(
  notice: ContainerNotice,
  metadata: ContainerMetadata | undefined,
  { state, pod }: PodView = NO_POD,
): Uint8Array {
  const { privileged, startTime, labels, imageLabels, mounts, hostNamespaces, environmentNames } = metadata ?? {};
  const members: StructInput = {
    id: notice.id,
    full_id: notice.fullId,
    type: text(notice.type || metadata?.runtime),
    name: text(metadata?.name),
    ...imageMembers(metadata),
    ...podMembers(metadata?.pod, pod),
    ip: text(metadata?.ip),
    user: text(metadata?.user),
    cni: text(metadata?.cni),
    ...(pod && clusterMembers(pod)),
    ...(labels && labelMembers(labels, imageLabels)),
    ...(mounts && mountMembers(mounts)),
    ...(environmentNames && { env_names: items(environmentNames.map((name) => [name])) }),
  };
  return encodeStruct(CONTAINER, {
    ...bounded(members),
    state: metadata ? CONTAINER_STATE.KNOWN : CONTAINER_STATE.FAILED,
    privileged: privileged === undefined ? PRIVILEGED_UNKNOWN : Number(privileged),
    host_namespaces: hostNamespaces ? namespaceBits(hostNamespaces) : 0,
    start_time: startTime ?? 0n,
    pod_state: podStateNumber(state),
  });
}

function podStateNumber(state: PodState['state']): number {
  switch (state) {
    case 'none':
      return POD_STATE.NONE;
    case 'pending':
      return POD_STATE.PENDING;
    case 'known':
      return POD_STATE.KNOWN;
    case 'failed':
      return POD_STATE.FAILED;
  }
}

function namespaceBits({ pid, network, ipc }: HostNamespaces): number {
  const { KNOWN, PID, NETWORK, IPC } = HOST_NAMESPACE;
  return KNOWN | (pid ? PID : 0) | (network ? NETWORK : 0) | (ipc ? IPC : 0);
}

function imageMembers(metadata: ContainerMetadata | undefined): StructInput {
  const parts = parseImageName(metadata?.image ?? '');
  return {
    image: text(metadata?.image),
    image_id: text(metadata?.imageId),
    image_repository: text(parts?.repository),
    image_tag: text(parts?.tag),
    image_digest: text(metadata?.imageDigest ?? parts?.digest),
  };
}

/** The API server's labels are newer: they may change while a pod runs. */
function podMembers(known: PodOfContainer | undefined, pod: ClusterPod | undefined): StructInput {
  const labels = pod?.labels ?? known?.labels;
  const annotations = pod?.annotations ?? known?.annotations;
  return {
    pod_name: text(pod?.name ?? known?.name),
    pod_namespace: text(pod?.namespace ?? known?.namespace),
    pod_uid: text(known?.uid ?? pod?.uid),
    pod_sandbox_id: text(known?.sandboxId),
    pod_ip: text(known?.ip ?? pod?.ip),
    ...(labels && { pod_labels: clusterLabels(labels), pod_labels_text: labelText(labels) }),
    ...(annotations && { pod_annotations: clusterLabels(annotations) }),
  };
}

function clusterMembers(pod: ClusterPod): StructInput {
  return {
    pod_service_account: text(pod.serviceAccount),
    pod_node: text(pod.node),
    owner_kind: text(pod.owner?.kind),
    owner_name: text(pod.owner?.name),
    owner_uid: text(pod.owner?.uid),
    ...(pod.namespaceObject && {
      ns_uid: text(pod.namespaceObject.uid),
      ns_labels: clusterLabels(pod.namespaceObject.labels),
    }),
    ...objectMembers('deployment', pod.deployment),
    ...objectMembers('rs', pod.replicaSet),
    ...objectMembers('rc', pod.replicationController),
  };
}

function objectMembers(prefix: 'deployment' | 'rs' | 'rc', object: ClusterObject | undefined): StructInput {
  if (!object) return {};
  return {
    [`${prefix}_name`]: text(object.name),
    [`${prefix}_uid`]: text(object.uid),
    [`${prefix}_labels`]: clusterLabels(object.labels),
  };
}

/** Its own come first: however many the image has, there is room for them. */
function labelMembers(
  labels: ReadonlyMap<string, string>,
  ofImage: ReadonlyMap<string, string> = new Map(),
): StructInput {
  const own = [...labels].filter(([key]) => !ofImage.has(key)).map(([key, value]) => [`${key}=${value}`]);
  return {
    own_labels: items(own),
    labels: items([...own, ...[...ofImage].map(([key, value]) => [`${key}=${value}`])]),
    labels_text: labelText(labels),
  };
}

/** Labels of Kubernetes objects: their keys have no colon. */
function clusterLabels(labels: ReadonlyMap<string, string>): string {
  return items([...shown(labels)].map(([key, value]) => [`${key}:${value}`]));
}

function labelText(labels: ReadonlyMap<string, string>): string | undefined {
  return text(
    shown(labels)
      .map(([key, value]) => `${key}:${value}`)
      .join(', '),
  );
}

/** Without the kubelet's own labels, which other fields have. */
function shown(labels: ReadonlyMap<string, string>): [string, string][] {
  return [...labels].filter(([key]) => !key.startsWith(KUBERNETES_LABEL));
}

function mountMembers(mounts: readonly ContainerMount[]): StructInput {
  const parts = mounts.map((mount) => [
    mount.source,
    mount.destination,
    mount.mode,
    String(mount.writable),
    mount.propagation,
  ]);
  return { mounts: items(parts), mounts_text: text(parts.map((part) => part.join(':')).join(' ')) };
}

/** The members in their order, as far as they fit together. */
function bounded(members: StructInput): StructInput {
  let left = LONGEST_TEXTS;
  const kept = Object.entries(members).filter(([, value]) => {
    const length = typeof value === 'string' ? value.length : 0;
    if (length > left) return false;
    left -= length;
    return true;
  });
  return Object.fromEntries(kept);
}

function text(value: string | undefined): string | undefined {
  return value?.slice(0, LONGEST_TEXT);
}

/** Groups of texts, each text ended by a NUL; a group that does not fit is omitted as a whole. */
function items(groups: readonly (readonly string[])[]): string {
  let joined = '';
  for (const group of groups) {
    const part = group.map((item) => `${item.replaceAll('\0', '')}\0`).join('');
    if (joined.length + part.length > LONGEST_TEXT) break;
    joined += part;
  }
  return joined;
}
