// What requests to enter pods show of sessions: whose they are, and who attached to them.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { RequestCoverage } from '../../sessions/coverage.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import { attachTo } from './attached.ts';
import { nameKubernetesUsers } from './kubernetes-users.ts';
import { type ActivityFiles, startOf } from './read-activity.ts';
import type { Session } from './session.ts';

export interface KnownRequests {
  readonly requests: readonly PodRequest[];
  /** The times for which these are all requests; undefined: all times. */
  readonly coverage: RequestCoverage | undefined;
}

export interface FurtherRequests {
  /** Requests that began no session of the record, but were made while it was kept. */
  readonly requests: readonly PodRequest[];
  /** The sessions that some of them were attached to. */
  readonly targets: ReadonlyMap<PodRequest, Session>;
}

/** Sets `kubernetes` and `attached` of the sessions. @param sessions all of the record */
export function applyRequests(
  sessions: readonly Session[],
  { requests, coverage }: KnownRequests,
  { files, since = 0 }: ActivityFiles,
): FurtherRequests {
  const kept = Math.max(since, Math.min(...files.map(startOf), Date.now()));
  const from = BigInt(Math.round(kept)) * NANOSECONDS_PER_MS;
  const further = nameKubernetesUsers(sessions, requests, coverage).filter(({ received }) => received >= from);
  return { requests: further, targets: attachTo(sessions, further) };
}
