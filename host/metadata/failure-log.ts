// Failures of the sources of metadata: each is counted by source and kind; a lasting failure is logged once.

/** The sources of metadata. */
export type MetadataSource = 'cri' | 'docker' | 'podman' | 'runc' | 'kubernetes';

/** Kinds of failures. Stable, for counters. */
export type FailureKind =
  /** The socket or address is missing, or the connection is refused or broken. */
  | 'unreachable'
  | 'timeout'
  /** Permission denied: by the socket's file, or by the API server. */
  | 'denied'
  /** The answer is invalid or too long. */
  | 'invalid'
  /** The watch is too old: everything is listed again. */
  | 'expired'
  /** The server is busy: it is asked less often. */
  | 'busy'
  /** Too many requests wait. */
  | 'overflow'
  /** Any other error in an answer. */
  | 'error';

export interface FailureCount {
  readonly source: MetadataSource;
  readonly kind: FailureKind;
  readonly count: number;
  /** The message of the last one, on one line, and when it was, in ms since the epoch. */
  readonly reason: string;
  readonly lastMs: number;
  /** The source has not worked since. */
  readonly isLasting: boolean;
}

/** A failure of a source, thrown by the parts of this directory. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly kind: FailureKind;
  /** The part of the source that failed, if others may work: a method, a kind of object. */
  readonly subject: string;

  constructor(kind: FailureKind, message: string, subject = '') {
    super(message);
    this.kind = kind;
    this.subject = subject;
  }
}

/** Converts any thrown value: a defect of ours must cost metadata at most, not the agent. */
export function asMetadataError(error: unknown): MetadataError {
  if (error instanceof MetadataError) return error;
  return new MetadataError('error', error instanceof Error ? error.message : String(error));
}

/** Shortest time between two lines on a source that keeps failing and recovering. */
const LINE_EVERY_MS = 60_000;

/** Longest quoted text of others in a line. */
const LONGEST_MESSAGE = 300;

/** Notified of the results of requests to a source. */
export interface SourceListener {
  failed(error: MetadataError): void;
  working(subject?: string): void;
}

export class FailureLog {
  readonly #write: (message: string) => void;
  readonly #now: () => number;
  readonly #counts = new Map<string, Omit<FailureCount, 'isLasting'>>();
  /** Sources with their subjects, and the counters of their failures since they last answered. */
  readonly #failing = new Map<string, Set<string>>();
  readonly #lineAt = new Map<string, number>();
  #closed = false;

  /** `write` is called with messages for people. */
  constructor(write: (message: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  /** The error's message has no full stop; it may quote others. */
  failed(source: MetadataSource, { kind, message, subject }: MetadataError): void {
    const counter = `${source} ${kind}`;
    const reason = oneLine(message);
    const count = (this.#counts.get(counter)?.count ?? 0) + 1;
    this.#counts.set(counter, { source, kind, count, reason, lastMs: Date.now() });
    const key = `${source} ${subject}`;
    // A new list follows by itself.
    if (this.#closed || kind === 'expired') return;
    const known = this.#failing.get(key);
    if (known) {
      known.add(counter);
      return;
    }
    this.#failing.set(key, new Set([counter]));
    const now = this.#now();
    const last = this.#lineAt.get(key);
    if (last !== undefined && now - last < LINE_EVERY_MS) return;
    this.#lineAt.set(key, now);
    this.#write(`No metadata from ${SOURCE_NAMES[source]}: ${reason}. Alerts lack them until it answers.`);
  }

  /** The source has answered. */
  working(source: MetadataSource, subject = ''): void {
    this.#failing.delete(`${source} ${subject}`);
  }

  /** Logs nothing from now on: aborted requests fail. */
  close(): void {
    this.#closed = true;
  }

  /** The sources that have failed. */
  get counts(): readonly FailureCount[] {
    const lasting = new Set([...this.#failing.values()].flatMap((counters) => [...counters]));
    return [...this.#counts].map(([counter, counted]) => ({ ...counted, isLasting: lasting.has(counter) }));
  }
}

const SOURCE_NAMES: Readonly<Record<MetadataSource, string>> = {
  cri: 'the container runtime (CRI)',
  docker: 'Docker',
  podman: 'Podman',
  runc: 'runc',
  kubernetes: 'the Kubernetes API server',
};

/** Removes control characters, with which an answer could forge lines. */
function oneLine(message: string): string {
  return message
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, LONGEST_MESSAGE)
    .trim();
}
