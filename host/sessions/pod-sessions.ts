// The exec sessions of a pod and the requests to enter it, as long as what comes can change whose a session is.

import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { attemptsIn } from './attempts.ts';
import { isWhole, requestedHashes, wordsOf } from './command-hash.ts';
import type { RequestCoverage } from './coverage.ts';
import type { ExecEntry, SessionPlace, StartedSession } from './exec-entry.ts';
import { FARTHEST_AFTER, FARTHEST_BEFORE, groupSessions } from './groups.ts';
import { joinRequests, type UserMatch } from './join.ts';
import type { PodRequest, PodRequestEvent } from './pod-request.ts';
import { merged } from './request-log.ts';

/** Sessions older than this can't change any more, unless they are connected with a newer one. */
const OLD_MS = 600_000;
/** Somebody who begins as many sessions makes them all ambiguous: see groups.ts. */
const MOST_SESSIONS = 2_000;
const MOST_REQUESTS = 8_000;
const MOST_CLIENTS = 1_000;
/** A join is good for so long, although more has come meanwhile. */
const JOINED_MS = 250;

/** When sessions and requests are joined, in ms since the epoch. */
export interface JoinMoment {
  readonly now: number;
  /** Time by a clock that nobody sets, in ms. */
  readonly elapsed: number;
  /** A request that was received longer ago has begun its process, if it begins one. */
  readonly startMs: number;
  /** Clients that ask twice. */
  readonly clients: ReadonlySet<string>;
  /** The times for which all requests are known; undefined: all times. */
  readonly coverage: RequestCoverage | undefined;
}

interface Kept {
  readonly session: StartedSession;
  readonly entry: ExecEntry;
}

export class PodSessions {
  readonly #sessions = new Map<string, Kept>();
  readonly #requests = new Map<string, PodRequest>();
  /** What began before was given up. In ns since the epoch. */
  #floor = 0n;
  #matches: ReadonlyMap<string, UserMatch> = new Map();
  /** Time of the last join, by both clocks. */
  #joined = { now: Number.NEGATIVE_INFINITY, elapsed: Number.NEGATIVE_INFINITY };
  #hasChanged = true;
  /** The join would be another one later. */
  #hasRecent = false;
  /** The coverage that the last join was made with. */
  #coverage: RequestCoverage | undefined;

  get size(): number {
    return this.#sessions.size + this.#requests.size;
  }

  add(session: StartedSession, place: SessionPlace): void {
    this.#sessions.set(session.key, { session, entry: entryOf(session, place) });
    this.#hasChanged = true;
    this.#bound();
  }

  /** It was refused: it began nothing. */
  drop(key: string): void {
    if (this.#requests.delete(key)) this.#hasChanged = true;
  }

  /** @param clients that ask twice, to which one is added that does */
  take({ key, request }: PodRequestEvent, clients: Set<string>): void {
    const known = this.#requests.get(key);
    this.#requests.set(key, known ? merged(known, request) : request);
    this.#hasChanged = true;
    this.#bound();
    const { userAgent } = request;
    if (userAgent === undefined || clients.has(userAgent) || clients.size >= MOST_CLIENTS) return;
    const alike = [...this.#requests.values()].filter((one) => one.userAgent === userAgent);
    if (alike.every(({ verb }) => verb === request.verb)) return;
    for (const repeated of attemptsIn(alike).repeated) if (!repeated.isRefused) clients.add(userAgent);
  }

  /** Undefined if there is no such session. @param settledAt of the session: it is judged by what had come by then at least */
  matchOf(key: string, settledAt: number, moment: JoinMoment): UserMatch | undefined {
    if (!this.#sessions.has(key)) return undefined;
    const isFresh = this.#joined.now >= settledAt && moment.elapsed - this.#joined.elapsed < JOINED_MS;
    const isOld = this.#hasChanged || this.#hasRecent || this.#coverage !== moment.coverage;
    if (!isFresh && isOld) this.#join(moment);
    return this.#matches.get(key);
  }

  /** The sessions that prune() is about to give up. */
  old(now: number): readonly StartedSession[] {
    const horizon = horizonOf(now);
    const byEntry = new Map([...this.#sessions.values()].map(({ session, entry }) => [entry, session]));
    return groupSessions([...byEntry.keys()], [...this.#requests.values()]).flatMap(({ sessions }) =>
      sessions.every(({ entry }) => entry.began < horizon)
        ? sessions.flatMap(({ entry }) => byEntry.get(entry) ?? [])
        : [],
    );
  }

  /** Gives up what nothing that comes is connected with: whole groups of sessions and requests. */
  prune(now: number): void {
    const horizon = horizonOf(now);
    for (const { key } of this.old(now)) this.#sessions.delete(key);
    // Times between which a session wants the requests that were received.
    const wanted = [...this.#sessions.values()].map(({ entry: { began } }) => ({
      from: began - FARTHEST_AFTER,
      to: began + FARTHEST_BEFORE,
    }));
    for (const [key, { received }] of this.#requests) {
      if (received >= horizon) continue;
      if (!wanted.some(({ from, to }) => received >= from && received <= to)) this.#requests.delete(key);
    }
    this.#hasChanged = true;
  }

  #join({ now, elapsed, startMs, clients, coverage }: JoinMoment): void {
    const kept = [...this.#sessions.values()];
    const requests = [...this.#requests.values()];
    const { possible, repeated } = attemptsIn(requests, clients);
    // Their process may be yet to begin. If they explained a session, another one could be explained by what is not its request.
    const since = BigInt(now - startMs) * NANOSECONDS_PER_MS;
    const recent = requests.filter(({ received }) => received > since);
    const matches = joinRequests(
      kept.map(({ entry }) => entry),
      requests,
      { possible: new Set([...possible, ...recent]), repeated },
      coverage,
    );
    this.#hasRecent = recent.length > 0;
    this.#matches = new Map(
      kept.map(({ session, entry }, index) => {
        const match = matches[index] ?? { match: 'none' };
        const isKnown = match.match !== 'exact' || entry.began > this.#floor;
        return [
          session.key,
          isKnown ? match : { match: 'ambiguous', candidates: [match.user], requests: match.requests },
        ];
      }),
    );
    this.#coverage = coverage;
    this.#joined = { now, elapsed };
    this.#hasChanged = false;
  }

  /** The oldest are given up, and what they could have been connected with has no certain name. */
  #bound(): void {
    for (const [key, { entry }] of this.#sessions) {
      if (this.#sessions.size <= MOST_SESSIONS) break;
      this.#sessions.delete(key);
      this.#raiseFloor(entry.began);
    }
    for (const [key, { received }] of this.#requests) {
      if (this.#requests.size <= MOST_REQUESTS) break;
      this.#requests.delete(key);
      this.#raiseFloor(received);
    }
  }

  #raiseFloor(time: bigint): void {
    const floor = time + FARTHEST_AFTER + FARTHEST_BEFORE;
    if (floor > this.#floor) this.#floor = floor;
  }
}

/** Sessions that began before may be given up. */
function horizonOf(now: number): bigint {
  return BigInt(now - OLD_MS) * NANOSECONDS_PER_MS;
}

function entryOf({ start, argv }: StartedSession, { namespace, pod, name }: SessionPlace): ExecEntry {
  const isKnown = argv !== undefined && isWhole(argv);
  return {
    began: start,
    namespace,
    pod,
    ...(name !== undefined && { container: name }),
    ...(isKnown && { commands: requestedHashes(wordsOf(argv)) }),
  };
}
