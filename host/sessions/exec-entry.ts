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

/** Such a session while it runs, as the engine recognises it. */
export interface StartedSession {
  /** Names its first process for good. */
  readonly key: string;
  /** In the root pid namespace. */
  readonly pid: number;
  /** When that process was forked, in ns since the epoch, by the node's clock. */
  readonly start: bigint;
  /** container.id */
  readonly container: string;
  /** Arguments of its first program, each ended by a NUL. Absent if they are not known: it ran before. */
  readonly argv?: Uint8Array;
}

/** What an event of a session has of it. */
export type SessionRef = Omit<StartedSession, 'argv'>;

/** The pod of a container. */
export interface SessionPlace {
  readonly namespace: string;
  readonly pod: string;
  /** Name of the container. */
  readonly name: string | undefined;
  /** Start of the container, in ns since the epoch; 0 = not known. */
  readonly started: bigint;
}
