// Which request each exec session comes from. A wrong name is worse than none: where the record leaves two explanations, there are both names.
//
// A request begins one process at most, and a process comes from one request. So an assignment of requests to all sessions explains the record, and a
// name is certain if each such assignment has it. Without any, an event is missing (or the session came from elsewhere), and
// nothing is certain of the sessions and requests that could belong together.

import { type Attempts, attemptsIn } from './attempts.ts';
import type { RequestCoverage } from './coverage.ts';
import type { ExecEntry } from './exec-entry.ts';
import { groupSessions } from './groups.ts';
import { assign, canAssign } from './matching.ts';
import { type KubernetesUser, type PodRequest, userKey } from './pod-request.ts';

export type UserMatch =
  | {
      readonly match: 'exact';
      readonly user: KubernetesUser;
      /** All that it may come from. */
      readonly requests: readonly PodRequest[];
    }
  /** It is of these users, who can't be told apart, or of somebody whose request is not known. */
  | {
      readonly match: 'ambiguous';
      readonly candidates: readonly KubernetesUser[];
      readonly requests: readonly PodRequest[];
    }
  /** No request is known that it may come from. */
  | { readonly match: 'none' };

const NONE: UserMatch = { match: 'none' };

/**
 * In the order of the entries.
 * @param attempts those among the requests, for a caller that has them
 * @param coverage the times for which all requests are known; undefined: of all
 */
export function joinRequests(
  entries: readonly ExecEntry[],
  requests: readonly PodRequest[],
  { possible: attempts }: Attempts = attemptsIn(requests),
  coverage?: RequestCoverage,
): readonly UserMatch[] {
  const matches = new Map<ExecEntry, UserMatch>();
  for (const { sessions, isComplete } of groupSessions(entries, requests, coverage)) {
    const possible = sessions.map(({ possible }) => possible);
    // Attempts do not explain a session that has no request otherwise: a request of somebody else may be lost. But it may come from one.
    const isExplained = isComplete && canAssign(possible.map((own) => own.filter((request) => !attempts.has(request))));
    const assignment = isExplained ? assign(possible) : undefined;
    for (const [index, { entry }] of sessions.entries()) {
      const own = possible[index] ?? [];
      const explaining = assignment?.[index];
      matches.set(entry, explaining ? certain(entry, explaining) : uncertain(own));
    }
  }
  return entries.map((entry) => matches.get(entry) ?? NONE);
}

/** @param requests those that an assignment of all may give the entry */
function certain(entry: ExecEntry, requests: readonly PodRequest[]): UserMatch {
  const [first, ...others] = requests;
  if (!first) return NONE;
  const isKnown = entry.commands !== undefined && requests.every(({ command }) => command !== undefined);
  const isOne = others.every(({ user }) => userKey(user) === userKey(first.user));
  return isKnown && isOne ? { match: 'exact', user: first.user, requests } : uncertain(requests);
}

function uncertain(requests: readonly PodRequest[]): UserMatch {
  if (requests.length === 0) return NONE;
  const candidates = new Map(requests.map(({ user }) => [userKey(user), user]));
  return { match: 'ambiguous', candidates: [...candidates.values()], requests };
}
