// What a container's runtime and the API server tell about it. Whatever is not there is not known, and stays absent in rules and alerts.

export interface ContainerMount {
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
}

/** Which of the host's namespaces a container uses. */
export interface HostNamespaces {
  readonly pid: boolean;
  readonly network: boolean;
  readonly ipc: boolean;
}

export interface ContainerMetadata {
  /** Who told it, where the cgroup path does not: containerd, cri-o, docker, podman, runc. */
  readonly runtime?: string;
  readonly name?: string;
  /** As it was asked for, tag or digest included. */
  readonly image?: string;
  readonly imageId?: string;
  /** Digest of the image in its registry, `sha256:...`. */
  readonly imageDigest?: string;
  readonly privileged?: boolean;
  /** That its first process runs as: name or number. */
  readonly user?: string;
  /** ns since the epoch. */
  readonly startTime?: bigint;
  readonly ip?: string;
  readonly labels?: ReadonlyMap<string, string>;
  /** Names of its environment. The values are none of our business. */
  readonly environmentNames?: readonly string[];
  readonly mounts?: readonly ContainerMount[];
  readonly hostNamespaces?: HostNamespaces;
  /** Result of CNI, JSON. */
  readonly cni?: string;
  readonly pod?: PodOfContainer;
}

/** What the runtime knows of the pod: what the kubelet told it when the pod started. */
export interface PodOfContainer {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly sandboxId?: string;
  readonly ip?: string;
  readonly labels?: ReadonlyMap<string, string>;
  readonly annotations?: ReadonlyMap<string, string>;
}

/** An object that a pod belongs to, or its namespace. */
export interface ClusterObject {
  readonly name: string;
  readonly uid: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** What the API server tells of a pod. */
export interface ClusterPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly ip?: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly serviceAccount?: string;
  readonly node?: string;
  /** The namespace's uid and labels, when the server told them. */
  readonly namespaceObject?: ClusterObject;
  /** Those of its chain of owners that rules can ask for. */
  readonly deployment?: ClusterObject;
  readonly replicaSet?: ClusterObject;
  readonly replicationController?: ClusterObject;
  /** The end of the chain: Deployment, StatefulSet, DaemonSet, Job, CronJob... */
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
}
