// Failures of those who are asked for metadata: each is counted, by whom and how; of what goes on and on one line is written.

/** Who is asked. */
export type MetadataSource = 'cri' | 'docker' | 'podman' | 'runc' | 'kubernetes';

/** How it failed: stable, for counters. */
export type FailureKind =
  /** The socket or address is not there, refuses, or breaks off. */
  | 'unreachable'
  | 'timeout'
  /** No permission: of the socket's file, or by the API server. */
  | 'denied'
  /** The answer makes no sense, or is too long. */
  | 'invalid'
  /** The watch is too old: all is listed anew. */
  | 'expired'
  /** It has too much to do, and says so: it is asked less often. */
  | 'busy'
  /** Too many wait. */
  | 'overflow'
  /** Any other error that it answered with. */
  | 'error';

export interface FailureCount {
  readonly source: MetadataSource;
  readonly kind: FailureKind;
  readonly count: number;
}

/** A failure of a source, as the parts of this directory throw it. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly kind: FailureKind;
  /** What of the source failed, where other parts of it may work: a method, a kind of object. */
  readonly subject: string;

  constructor(kind: FailureKind, message: string, subject = '') {
    super(message);
    this.kind = kind;
    this.subject = subject;
  }
}

/** Whatever was thrown: a defect of ours must cost metadata at most, not the agent. */
export function asMetadataError(error: unknown): MetadataError {
  if (error instanceof MetadataError) return error;
  return new MetadataError('error', error instanceof Error ? error.message : String(error));
}

/** What fails and recovers by turns gets a line no more often than this. */
const LINE_EVERY_MS = 60_000;

/** Texts of others in a line of ours. */
const LONGEST_MESSAGE = 300;

/** Told of a source by those who ask it. */
export interface SourceListener {
  failed(error: MetadataError): void;
  working(subject?: string): void;
}

export class FailureLog {
  readonly #write: (message: string) => void;
  readonly #now: () => number;
  readonly #counts = new Map<string, FailureCount>();
  /** Sources with their subjects. */
  readonly #failing = new Set<string>();
  readonly #lineAt = new Map<string, number>();
  #closed = false;

  /** `write` gets the lines: sentences for people. */
  constructor(write: (message: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  /** The error's message is a sentence without its full stop; it may quote others. */
  failed(source: MetadataSource, { kind, message, subject }: MetadataError): void {
    const counter = `${source} ${kind}`;
    this.#counts.set(counter, { source, kind, count: (this.#counts.get(counter)?.count ?? 0) + 1 });
    const key = `${source} ${subject}`;
    // What is listed anew goes on by itself.
    if (this.#closed || kind === 'expired' || this.#failing.has(key)) return;
    this.#failing.add(key);
    const now = this.#now();
    const last = this.#lineAt.get(key);
    if (last !== undefined && now - last < LINE_EVERY_MS) return;
    this.#lineAt.set(key, now);
    this.#write(`No metadata from ${SOURCE_NAMES[source]}: ${oneLine(message)}. Alerts lack them until it answers.`);
  }

  /** The source has answered. */
  working(source: MetadataSource, subject = ''): void {
    this.#failing.delete(`${source} ${subject}`);
  }

  /** No line any more: what is given up fails. */
  close(): void {
    this.#closed = true;
  }

  /** Those that have failed at all. */
  get counts(): readonly FailureCount[] {
    return [...this.#counts.values()];
  }
}

const SOURCE_NAMES: Readonly<Record<MetadataSource, string>> = {
  cri: 'the container runtime (CRI)',
  docker: 'Docker',
  podman: 'Podman',
  runc: 'runc',
  kubernetes: 'the Kubernetes API server',
};

/** Control characters would let an answer write lines of its own. */
function oneLine(message: string): string {
  return message
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, LONGEST_MESSAGE)
    .trim();
}
