// What a container's runtime tells about it. Whatever is not there is not known, and stays absent in rules and alerts.

export interface ContainerMount {
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
}

export interface ContainerMetadata {
  /** Who told it, where the cgroup path does not: docker, podman, runc. */
  readonly runtime?: string;
  readonly name?: string;
  /** As it was asked for, tag or digest included. */
  readonly image?: string;
  readonly imageId?: string;
  /** Digest of the image in its registry, `sha256:...`. */
  readonly imageDigest?: string;
  readonly privileged?: boolean;
  /** ns since the epoch. */
  readonly startTime?: bigint;
  readonly ip?: string;
  readonly labels?: ReadonlyMap<string, string>;
  readonly mounts?: readonly ContainerMount[];
}
