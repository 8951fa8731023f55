// Metadata of a container from its runtime and the API server. Missing members are unknown, and absent in rules and alerts.

export interface ContainerMount {
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
}

/** The namespaces of the host that a container uses. */
export interface HostNamespaces {
  readonly pid: boolean;
  readonly network: boolean;
  readonly ipc: boolean;
}

export interface ContainerMetadata {
  /** The runtime that answered, if the cgroup path does not show it: containerd, cri-o, docker, podman, runc. */
  readonly runtime?: string;
  readonly name?: string;
  /** The image as requested, including tag or digest. */
  readonly image?: string;
  readonly imageId?: string;
  /** Digest of the image in its registry, `sha256:...`. */
  readonly imageDigest?: string;
  readonly privileged?: boolean;
  /** User of its first process: name or number. */
  readonly user?: string;
  /** ns since the epoch. */
  readonly startTime?: bigint;
  readonly ip?: string;
  readonly labels?: ReadonlyMap<string, string>;
  /** Labels that come from the image, or may come from it: the author of the image has chosen them. */
  readonly imageLabels?: ReadonlyMap<string, string>;
  /** Names of its environment variables. Values may be secrets and are never read. */
  readonly environmentNames?: readonly string[];
  readonly mounts?: readonly ContainerMount[];
  readonly hostNamespaces?: HostNamespaces;
  /** Result of CNI, JSON. */
  readonly cni?: string;
  readonly pod?: PodOfContainer;
}

/** The runtime's data on the pod, which the kubelet set when the pod started. */
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

/** The API server's data on a pod. */
export interface ClusterPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly ip?: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly serviceAccount?: string;
  readonly node?: string;
  /** The namespace's uid and labels, if known. */
  readonly namespaceObject?: ClusterObject;
  /** Objects of its chain of owners that have fields. */
  readonly deployment?: ClusterObject;
  readonly replicaSet?: ClusterObject;
  readonly replicationController?: ClusterObject;
  /** The end of the chain: Deployment, StatefulSet, DaemonSet, Job, CronJob... */
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
}
