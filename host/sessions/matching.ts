// Assignments of requests to sessions: all that each session may have in one that leaves no session without a request.

/**
 * For each session, those of its possible requests that an assignment of all sessions may give it. Undefined if there is no such assignment.
 * @param possible the requests of each session
 */
export function assign<Request>(
  possible: readonly (readonly Request[])[],
): readonly (readonly Request[])[] | undefined {
  const owners = ownersOf(possible);
  if (!owners) return undefined;
  const given = new Map([...owners].map(([request, session]) => [session, request]));
  const free = reachingFree(possible, owners);
  const circle = circlesOf(possible, owners);
  return possible.map((requests, session) =>
    requests.filter((request) => {
      const owner = owners.get(request);
      if (given.get(session) === request || owner === undefined || free.has(owner)) return true;
      // Its owner may have another request, and so on, up to the one that this session has now.
      return circle[owner] === circle[session];
    }),
  );
}

/** Whether each session can have a request of its own. */
export function canAssign<Request>(possible: readonly (readonly Request[])[]): boolean {
  return ownersOf(possible) !== undefined;
}

/** One assignment. */
function ownersOf<Request>(possible: readonly (readonly Request[])[]): Map<Request, number> | undefined {
  const owners = new Map<Request, number>();
  return possible.every((_, session) => augment(session, possible, owners)) ? owners : undefined;
}

/** Gives the session a request, of another session too if that can have another one. */
function augment<Request>(
  session: number,
  possible: readonly (readonly Request[])[],
  owners: Map<Request, number>,
): boolean {
  const from = new Map<Request, number>();
  const next = [session];
  for (let at = 0; at < next.length; at++) {
    const asking = next[at] ?? 0;
    for (const request of possible[asking] ?? []) {
      if (from.has(request)) continue;
      from.set(request, asking);
      const owner = owners.get(request);
      if (owner !== undefined) {
        next.push(owner);
        continue;
      }
      pass(request, session, from, owners);
      return true;
    }
  }
  return false;
}

/** Each session on the way to a free request gets the next one's, and the last gets the free one. */
function pass<Request>(
  free: Request,
  session: number,
  from: ReadonlyMap<Request, number>,
  owners: Map<Request, number>,
): void {
  const before = new Map([...owners].map(([request, owner]) => [owner, request]));
  let request: Request | undefined = free;
  while (request !== undefined) {
    const asking: number = from.get(request) ?? session;
    owners.set(request, asking);
    request = asking === session ? undefined : before.get(asking);
  }
}

/** The sessions that could give up their request, because they, or others after them, can have one that nobody has. */
function reachingFree<Request>(
  possible: readonly (readonly Request[])[],
  owners: ReadonlyMap<Request, number>,
): ReadonlySet<number> {
  const askers = new Map<number, number[]>();
  const found: number[] = [];
  for (const [session, requests] of possible.entries()) {
    if (requests.some((request) => !owners.has(request))) found.push(session);
    for (const request of requests) {
      const owner = owners.get(request);
      if (owner === undefined || owner === session) continue;
      const known = askers.get(owner);
      if (known) known.push(session);
      else askers.set(owner, [session]);
    }
  }
  const reaching = new Set(found);
  for (let session = found.pop(); session !== undefined; session = found.pop()) {
    for (const asker of askers.get(session) ?? []) {
      if (reaching.has(asker)) continue;
      reaching.add(asker);
      found.push(asker);
    }
  }
  return reaching;
}

/** A number for each session; those that can exchange requests in a circle have the same (strongly connected components, Tarjan). */
function circlesOf<Request>(
  possible: readonly (readonly Request[])[],
  owners: ReadonlyMap<Request, number>,
): readonly number[] {
  const order: number[] = [];
  const low: number[] = [];
  const circle: number[] = [];
  const stack: number[] = [];
  let [visited, circles] = [0, 0];
  const visit = (session: number): void => {
    order[session] = low[session] = visited++;
    stack.push(session);
    for (const request of possible[session] ?? []) {
      const owner = owners.get(request);
      if (owner === undefined || circle[owner] !== undefined) continue;
      if (order[owner] === undefined) visit(owner);
      low[session] = Math.min(low[session] ?? 0, low[owner] ?? 0);
    }
    if (low[session] !== order[session]) return;
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      circle[member] = circles;
      if (member === session) break;
    }
    circles++;
  };
  for (const session of possible.keys()) if (order[session] === undefined) visit(session);
  return circle;
}
