// A session that began with an exec into a pod's container.

export interface ExecEntry {
  /** When its first process was forked, in ns since the epoch, by the node's clock. */
  readonly began: bigint;
  readonly namespace: string;
  readonly pod: string;
  /** Absent if it is not known. */
  readonly container?: string;
  /** What its first process may have been asked to run: requestedHashes(). Absent if that is not known. */
  readonly commands?: ReadonlySet<string>;
}
