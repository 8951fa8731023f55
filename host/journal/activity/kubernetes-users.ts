// Names the Kubernetes users of sessions that were entered by an exec into a pod.

import { attemptsIn } from '../../sessions/attempts.ts';
import type { RequestCoverage } from '../../sessions/coverage.ts';
import type { ExecEntry } from '../../sessions/exec-entry.ts';
import { joinRequests } from '../../sessions/join.ts';
import type { KubernetesUser, PodRequest } from '../../sessions/pod-request.ts';
import type { KubernetesEntry, Session } from './session.ts';

/**
 * Sets `kubernetes` of the sessions.
 * @param sessions all of the record: each may be what explains another
 * @param coverage times for which all requests are known; undefined: all times
 * @returns the requests that no session can come from: those that begin no process, and those whose session is not in the record
 */
export function nameKubernetesUsers(
  sessions: readonly Session[],
  requests: readonly PodRequest[],
  coverage?: RequestCoverage,
): PodRequest[] {
  const entered = sessions.flatMap((session) => {
    const entry = entryOf(session);
    return entry ? [{ session, entry }] : [];
  });
  const attempts = attemptsIn(requests);
  const matches = joinRequests(
    entered.map(({ entry }) => entry),
    requests,
    attempts,
    coverage,
  );
  const explaining = new Set<PodRequest>();
  for (const [index, { session }] of entered.entries()) {
    const match = matches[index];
    if (!match || match.match === 'none') continue;
    session.kubernetes = match;
    for (const request of match.requests) explaining.add(request);
  }
  return requests.filter((request) => !explaining.has(request) && !attempts.repeated.has(request));
}

function entryOf({ kind, container, forked, asked }: Session): ExecEntry | undefined {
  const { pod, namespace, name } = container ?? {};
  if (kind !== 'exec' || pod === undefined || namespace === undefined) return undefined;
  return {
    began: forked,
    pod,
    namespace,
    ...(name !== undefined && { container: name }),
    ...(asked && { commands: asked }),
  };
}

/** Whose the session is, or may be. */
export function usersOf(entry: KubernetesEntry | undefined): readonly KubernetesUser[] {
  if (!entry) return [];
  return entry.match === 'exact' ? [entry.user] : entry.candidates;
}

export function addressesText({ addresses }: PodRequest): string {
  return addresses.join(', ');
}

export function agentOf(requests: readonly PodRequest[]): string | undefined {
  return sameOfAll(requests.map(({ userAgent = '' }) => userAgent));
}

/** Undefined if they differ, or are empty. */
export function sameOfAll(texts: readonly string[]): string | undefined {
  const [first, ...others] = new Set(texts);
  return first && others.length === 0 ? first : undefined;
}
