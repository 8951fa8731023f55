// The exec sessions of a node while they run, and whose they are as far as the requests that have come say so.
//
// A request's audit event comes after the session's first events, and another one that could explain the session as well may come still later. So a
// session is settled only when some time has passed since it began: before that it has no exact name, and afterwards what comes late can
// make its name ambiguous again.

import { rootProcess, sessionId } from '../fields/session-id.ts';
import { NANOSECONDS_PER_MS, SECOND } from '../fields/time.ts';
import type { RequestCoverage } from './coverage.ts';
import type { SessionPlace, SessionRef, StartedSession } from './exec-entry.ts';
import { LONGEST_START } from './groups.ts';
import type { UserMatch } from './join.ts';
import { type PodRequest, type PodRequestEvent, readPodRequest } from './pod-request.ts';
import { PodSessions } from './pod-sessions.ts';

/** A container's own program starts when its runtime says that the container did. */
const OWN_PROGRAM = SECOND;
/** An event that was missed may be of a request so long before. */
const LATE_EVENT = 60n * SECOND;
/** A session's own request must not count as one that came after it. */
const CLOCKS_APART_MS = 200;
const PRUNE_EVERY_MS = 30_000;
/** Sessions and requests of all pods. */
const MOST_KEPT = 100_000;
/** Containers, sessions that are over for the join, intervals of missed events. */
const MOST_CONTAINERS = 4_096;
const MOST_FINAL = 16_384;
const MOST_GAPS = 64;
const MOST_REFUSED = 16_384;
/** The directory of containers asks a runtime for so long. */
const UNPLACED_MS = 600_000;

export interface LiveSessionsOptions {
  /** Name of the machine. */
  readonly host: string;
  /** How long after its beginning a session is settled. */
  readonly patienceMs: number;
  /** The pod of a container; undefined if it is in none, `unknown` as long as the runtime has not answered. */
  readonly place: (container: string) => SessionPlace | 'unknown' | undefined;
  /** The times for which all requests are known, now. Default: all times. */
  readonly coverage?: () => RequestCoverage;
  /** ms since the epoch. Default: the clock. */
  readonly now?: () => number;
  /** ms of a monotonic clock. */
  readonly elapsed?: () => number;
}

/** What is known of the session that a process descends from. */
export interface SessionFacts {
  /** Id as the journal's sessions have it. */
  readonly id: string;
  readonly match: UserMatch;
}

interface Interval {
  readonly from: bigint;
  to: bigint;
}

export class LiveSessions {
  readonly #options: LiveSessionsOptions;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  /** Pods by `namespace/pod`. */
  readonly #pods = new Map<string, PodSessions>();
  readonly #podOf = new Map<string, PodSessions>();
  /** Their container's runtime has not answered. */
  readonly #unplaced = new Map<string, StartedSession>();
  /** The first session of each container. */
  readonly #first = new Map<string, StartedSession>();
  /** Matches with names, of sessions that nothing that comes can change. */
  readonly #final = new Map<string, UserMatch>();
  /** Clients that ask twice. */
  readonly #clients = new Set<string>();
  readonly #gaps: Interval[] = [];
  /** Ids of refused requests: an event of before may come later. */
  readonly #refused = new Map<string, true>();
  /** Sessions and requests of pods. */
  #kept = 0;
  /** Time of the last pruning, by the clock that nobody sets. */
  #prunedAt = 0;

  constructor(options: LiveSessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#elapsed = options.elapsed ?? (() => performance.now());
  }

  begin(sessions: readonly StartedSession[]): void {
    for (const session of sessions) {
      if (this.#podOf.has(session.key) || this.#final.has(session.key)) continue;
      const first = this.#first.get(session.container);
      if (!first || session.start < first.start) setBounded(this.#first, session.container, session, MOST_CONTAINERS);
      this.#unplaced.set(session.key, session);
    }
    this.#prune();
    this.#bound();
  }

  /** An audit event, or what is kept of one; others than of requests to enter pods are passed over. */
  take(event: unknown): void {
    const found = readPodRequest(event);
    if (!found) return;
    this.#takeRequest(found);
    this.#prune();
    this.#bound();
  }

  /** Anybody can be refused as often as they like: that takes no room. */
  #takeRequest(found: PodRequestEvent): void {
    const { key, request } = found;
    if (request.isRefused) {
      setBounded(this.#refused, key, true, MOST_REFUSED);
      this.#change(this.#pods.get(podName(request)), (pod) => pod.drop(key));
    } else if (!this.#refused.has(key)) {
      this.#change(this.#podBy(request), (pod) => pod.take(found, this.#clients));
    }
  }

  /** Counts what is kept of it afterwards. */
  #change(pod: PodSessions | undefined, change: (pod: PodSessions) => void): void {
    if (!pod) return;
    const before = pod.size;
    change(pod);
    this.#kept += pod.size - before;
  }

  /** Events may have been lost until now: no name is certain that one of them could change. */
  missed(): void {
    const now = BigInt(this.#now()) * NANOSECONDS_PER_MS;
    const from = now - LATE_EVENT - LONGEST_START;
    const last = this.#gaps.at(-1);
    if (last && last.to >= from) last.to = now + LONGEST_START;
    else this.#gaps.push({ from, to: now + LONGEST_START });
    if (this.#gaps.length > MOST_GAPS) this.#gaps.shift();
  }

  /** In how many ms all of them are settled; 0: they are. */
  settledIn(sessions: readonly SessionRef[]): number {
    const now = this.#now();
    // Where the clock was set back, what began before seems to be yet to begin.
    const { patienceMs } = this.#options;
    return Math.max(0, ...sessions.map((session) => Math.min(patienceMs, this.#settledAt(session) - now)));
  }

  /** Whether it is known of each in which pod it is, if in any: its container's runtime has answered. */
  arePlaced(sessions: readonly SessionRef[]): boolean {
    return sessions.every(({ key, container }) => this.#podOf.has(key) || this.#options.place(container) !== 'unknown');
  }

  /**
   * What is known of the session that a process is in. Undefined if it is in none that was entered by an exec into a pod.
   * @param sessions that the process descends from, the innermost first
   */
  factsOf(sessions: readonly SessionRef[]): SessionFacts | undefined {
    this.#placeAll();
    let id: string | undefined;
    for (const session of sessions) {
      const match = this.#matchOf(session);
      if (!match) continue;
      const isInner = id === undefined;
      id ??= sessionId(this.#options.host, rootProcess(session.pid, session.start));
      if (match.match === 'none') continue;
      // Somebody else may have entered the inner one, whose request is not known.
      return { id, match: isInner ? match : doubtful(match) };
    }
    return id === undefined ? undefined : { id, match: NONE };
  }

  /** ms since the epoch. */
  #settledAt({ start }: SessionRef): number {
    return Number(start / NANOSECONDS_PER_MS) + this.#options.patienceMs;
  }

  /** Undefined if it was not entered by an exec into a pod, or that is not known. */
  #matchOf(session: SessionRef): UserMatch | undefined {
    const { key, start } = session;
    const final = this.#final.get(key);
    if (final) return final;
    const now = this.#now();
    const settledAt = this.#settledAt(session);
    const startMs = this.#options.patienceMs - CLOCKS_APART_MS;
    const coverage = this.#options.coverage?.();
    const moment = { now, elapsed: this.#elapsed(), startMs, clients: this.#clients, coverage };
    const match = this.#podOf.get(key)?.matchOf(key, settledAt, moment);
    if (!match) return this.#isForgotten(session) ? NONE : undefined;
    const isCertain = settledAt <= now && !this.#gaps.some(({ from, to }) => start >= from && start <= to);
    return isCertain ? match : doubtful(match);
  }

  /** It was entered by an exec into a pod, and nothing else is known any more. */
  #isForgotten(session: SessionRef): boolean {
    const place = this.#options.place(session.container);
    return place !== undefined && place !== 'unknown' && !this.#isOwnProgram(session, place);
  }

  #podBy(place: Pick<PodRequest, 'namespace' | 'pod'>): PodSessions {
    const name = podName(place);
    const known = this.#pods.get(name);
    if (known) return known;
    const made = new PodSessions();
    this.#pods.set(name, made);
    return made;
  }

  /** Gives the sessions to their pods whose containers are known now. */
  #placeAll(): void {
    for (const [key, session] of this.#unplaced) {
      const place = this.#options.place(session.container);
      if (place === 'unknown') continue;
      this.#unplaced.delete(key);
      if (!place || this.#isOwnProgram(session, place)) continue;
      const pod = this.#podBy(place);
      this.#change(pod, () => pod.add(session, place));
      this.#podOf.set(key, pod);
    }
  }

  /** In the pid namespace of the host or a pod, a container's own program looks as if it was entered. */
  #isOwnProgram({ key, container, start }: SessionRef, { started }: SessionPlace): boolean {
    if (started === 0n || this.#first.get(container)?.key !== key) return false;
    const apart = start - started;
    return apart < OWN_PROGRAM && apart > -OWN_PROGRAM;
  }

  #prune(): void {
    const elapsed = this.#elapsed();
    if (elapsed - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = elapsed;
    const now = this.#now();
    this.#placeAll();
    // Their runtime does not know the container, or there is none.
    const oldest = BigInt(now - UNPLACED_MS) * NANOSECONDS_PER_MS;
    for (const [key, { start }] of this.#unplaced) if (start < oldest) this.#unplaced.delete(key);
    this.#kept = 0;
    for (const [name, pod] of this.#pods) {
      for (const session of pod.old(now)) {
        const match = this.#matchOf(session);
        if (match && match.match !== 'none') setBounded(this.#final, session.key, match, MOST_FINAL);
        this.#podOf.delete(session.key);
      }
      pod.prune(now);
      this.#kept += pod.size;
      if (pod.size === 0) this.#pods.delete(name);
    }
  }

  #bound(): void {
    if (this.#kept + this.#unplaced.size <= MOST_KEPT) return;
    this.#pods.clear();
    this.#podOf.clear();
    this.#unplaced.clear();
    this.#kept = 0;
    this.missed();
  }
}

const NONE: UserMatch = { match: 'none' };

/** With the same names, none of which is certain. */
function doubtful(match: UserMatch): UserMatch {
  return match.match === 'exact' ? { match: 'ambiguous', candidates: [match.user], requests: match.requests } : match;
}

function podName({ namespace, pod }: Pick<PodRequest, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`;
}

/** The oldest are forgotten. */
function setBounded<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}
