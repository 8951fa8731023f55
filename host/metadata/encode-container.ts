// A container's entry for the sandbox's table, from what the cgroup path and the runtime tell.

import type { ContainerNotice } from '../capture/native.ts';
import { CONTAINER, CONTAINER_STATE } from '../schema/container.ts';
import { encodeStruct } from '../schema/encode-struct.ts';
import type { ContainerMetadata, ContainerMount } from './container-metadata.ts';
import { parseImageName } from './image-name.ts';

/** Longest text of one member, in characters. Whoever starts a container writes its labels. */
const LONGEST_TEXT = 16 * 1024;
const PRIVILEGED_UNKNOWN = 255;
const KUBERNETES_LABEL = 'io.kubernetes.';

/** `metadata` undefined: the runtime did not answer. */
export function encodeContainer(notice: ContainerNotice, metadata: ContainerMetadata | undefined): Uint8Array {
  const { privileged, startTime, labels, mounts } = metadata ?? {};
  return encodeStruct(CONTAINER, {
    state: metadata ? CONTAINER_STATE.KNOWN : CONTAINER_STATE.FAILED,
    privileged: privileged === undefined ? PRIVILEGED_UNKNOWN : Number(privileged),
    start_time: startTime ?? 0n,
    id: notice.id,
    full_id: notice.fullId,
    type: text(notice.type || metadata?.runtime),
    name: text(metadata?.name),
    ip: text(metadata?.ip),
    ...imageMembers(metadata),
    ...(labels && labelMembers(labels)),
    ...(mounts && mountMembers(mounts)),
  });
}

function imageMembers(metadata: ContainerMetadata | undefined) {
  const parts = parseImageName(metadata?.image ?? '');
  return {
    image: text(metadata?.image),
    image_id: text(metadata?.imageId),
    image_repository: text(parts?.repository),
    image_tag: text(parts?.tag),
    image_digest: text(metadata?.imageDigest ?? parts?.digest),
  };
}

/** The kubelet tells a container of its pod by labels. */
function labelMembers(labels: ReadonlyMap<string, string>) {
  const shown = [...labels].filter(([key]) => !key.startsWith(KUBERNETES_LABEL));
  return {
    labels: items([...labels].map(([key, value]) => [`${key}=${value}`])),
    labels_text: text(shown.map(([key, value]) => `${key}:${value}`).join(', ')),
    pod_name: text(labels.get('io.kubernetes.pod.name')),
    pod_namespace: text(labels.get('io.kubernetes.pod.namespace')),
    pod_uid: text(labels.get('io.kubernetes.pod.uid')),
  };
}

function mountMembers(mounts: readonly ContainerMount[]) {
  const parts = mounts.map((mount) => [
    mount.source,
    mount.destination,
    mount.mode,
    String(mount.writable),
    mount.propagation,
  ]);
  return { mounts: items(parts), mounts_text: text(parts.map((part) => part.join(':')).join(' ')) };
}

function text(value: string | undefined): string | undefined {
  return value?.slice(0, LONGEST_TEXT);
}

/** Groups of texts, each text ended by a NUL; a group that no longer fits is left out whole. */
function items(groups: readonly (readonly string[])[]): string {
  let joined = '';
  for (const group of groups) {
    const part = group.map((item) => `${item.replaceAll('\0', '')}\0`).join('');
    if (joined.length + part.length > LONGEST_TEXT) break;
    joined += part;
  }
  return joined;
}
