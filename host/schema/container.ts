// The container table entry: the metadata of a container. The first entry is the host. The id comes from the cgroup path at once;
// the host program writes the rest when the runtime and Kubernetes have answered.

import { defineStruct } from './layout.ts';

export const CONTAINER = defineStruct(
  'container',
  'An entry of the container table; strings are relative to the entry.',
  [
    { name: 'size', type: 'u32', doc: 'bytes, strings included' },
    { name: 'state', type: 'u8', doc: 'CONTAINER_STATE' },
    { name: 'privileged', type: 'u8', doc: '0 no, 1 yes, 255 not known' },
    { name: 'pod_state', type: 'u8', doc: 'POD_STATE: whether the API server knows its pod' },
    { name: 'host_namespaces', type: 'u8', doc: 'HOST_NAMESPACE bits; 0 = not known' },
    { name: 'start_time', type: 'u64', doc: 'ns since the epoch; 0 = not known' },
    { name: 'id', type: 'string', doc: 'container.id: first 12 characters, or "host"' },
    { name: 'full_id', type: 'string', doc: 'container.full_id' },
    { name: 'type', type: 'string', doc: 'container.type' },
    { name: 'name', type: 'string', doc: 'container.name' },
    { name: 'image', type: 'string', doc: 'container.image' },
    { name: 'image_id', type: 'string', doc: 'container.image.id' },
    { name: 'image_repository', type: 'string', doc: 'container.image.repository' },
    { name: 'image_tag', type: 'string', doc: 'container.image.tag' },
    { name: 'image_digest', type: 'string', doc: 'container.image.digest' },
    { name: 'ip', type: 'string', doc: 'container.ip' },
    { name: 'labels', type: 'string', doc: 'key=value, each ended by a NUL' },
    { name: 'own_labels', type: 'string', doc: 'labels without those that its image has brought; as labels' },
    { name: 'labels_text', type: 'string', doc: 'container.labels' },
    {
      name: 'mounts',
      type: 'string',
      doc: 'source NUL dest NUL mode NUL rdwr NUL propagation NUL, a mount after the other',
    },
    { name: 'mounts_text', type: 'string', doc: 'container.mounts' },
    { name: 'pod_name', type: 'string', doc: 'k8s.pod.name' },
    { name: 'pod_namespace', type: 'string', doc: 'k8s.ns.name' },
    { name: 'pod_uid', type: 'string', doc: 'k8s.pod.uid' },
    { name: 'pod_sandbox_id', type: 'string', doc: 'k8s.pod.full_sandbox_id' },
    { name: 'pod_ip', type: 'string', doc: 'k8s.pod.ip' },
    { name: 'pod_labels', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
    { name: 'pod_labels_text', type: 'string', doc: 'k8s.pod.labels' },
    { name: 'pod_annotations', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
    { name: 'user', type: 'string', doc: 'container.user' },
    { name: 'env_names', type: 'string', doc: 'names of the environment, each ended by a NUL' },
    { name: 'cni', type: 'string', doc: 'container.cni.json' },
    { name: 'pod_service_account', type: 'string', doc: 'k8smeta.pod.service_account' },
    { name: 'pod_node', type: 'string', doc: 'k8smeta.pod.node' },
    { name: 'owner_kind', type: 'string', doc: 'k8smeta.owner.kind' },
    { name: 'owner_name', type: 'string', doc: 'k8smeta.owner.name' },
    { name: 'owner_uid', type: 'string', doc: 'k8smeta.owner.uid' },
    { name: 'ns_uid', type: 'string', doc: 'k8smeta.ns.uid' },
    { name: 'ns_labels', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
    { name: 'deployment_name', type: 'string', doc: 'k8smeta.deployment.name' },
    { name: 'deployment_uid', type: 'string', doc: 'k8smeta.deployment.uid' },
    { name: 'deployment_labels', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
    { name: 'rs_name', type: 'string', doc: 'k8smeta.rs.name' },
    { name: 'rs_uid', type: 'string', doc: 'k8smeta.rs.uid' },
    { name: 'rs_labels', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
    { name: 'rc_name', type: 'string', doc: 'k8smeta.rc.name' },
    { name: 'rc_uid', type: 'string', doc: 'k8smeta.rc.uid' },
    { name: 'rc_labels', type: 'string', doc: 'key:value, each ended by a NUL; keys hold no colon' },
  ],
);

/** container.host_namespaces: the namespaces of the host that it uses, once the runtime has answered. */
export const HOST_NAMESPACE = { KNOWN: 1, PID: 2, NETWORK: 4, IPC: 8 } as const;

/** container.pod_state. NONE: not in a pod, or no API server is used. */
export const POD_STATE = { NONE: 0, PENDING: 1, KNOWN: 2, FAILED: 3 } as const;

/** container.state */
export const CONTAINER_STATE = { HOST: 0, PENDING: 1, KNOWN: 2, FAILED: 3 } as const;
