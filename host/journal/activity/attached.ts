// Requests to attach begin no process. The container's own program does what is typed, and its session has the request. What it did because of the
// input can't be distinguished from the rest. Neither it nor its alerts get a Kubernetes user.

import { CLOCKS_APART } from '../../sessions/groups.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import type { Session } from './session.ts';

/** Adds the requests to attach to the sessions that they went to, where there is no doubt; returns these. */
export function attachTo(sessions: readonly Session[], requests: readonly PodRequest[]): Map<PodRequest, Session> {
  const found = new Map<PodRequest, Session>();
  const attaching = requests.filter(({ entry, isRefused }) => entry === 'attach' && !isRefused);
  if (attaching.length === 0) return found;
  // Users may attach as often as they like, and there are thousands of sessions.
  const byPod = Map.groupBy(
    sessions.filter(({ kind }) => kind === 'container'),
    ({ container }) => podOf(container?.namespace, container?.pod),
  );
  for (const request of attaching) {
    const ofPod = byPod.get(podOf(request.namespace, request.pod)) ?? [];
    const [target, ...others] = ofPod.filter((session) => mayBeTarget(session, request));
    if (!target || others.length > 0) continue;
    target.attached = [...(target.attached ?? []), request];
    found.set(request, target);
  }
  return found;
}

function podOf(namespace = '', pod = ''): string {
  return `${namespace}/${pod}`;
}

/**
 * Whether a request may have entered a session of the pod. It need not name the container: then it is that of the pod's only one, or the first.
 */
function mayBeTarget(
  { container, forked, isOver, last }: Session,
  { container: asked, received }: PodRequest,
): boolean {
  if (asked !== undefined && container?.name !== undefined && asked !== container.name) return false;
  return forked - CLOCKS_APART <= received && (!isOver || received <= last + CLOCKS_APART);
}
