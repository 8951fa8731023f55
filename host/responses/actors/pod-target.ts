// The pod of a match, and the API server that changes it.

import { RefusalError, type Target } from '../action.ts';
import type { PodName, Pods } from '../pods/pods.ts';

/** @throws {RefusalError} */
export function podOf({ pod }: Target): PodName {
  if (!pod) throw new RefusalError('no-target', 'the process is in no pod');
  if (pod.uid === '') throw new RefusalError('incomplete', "the pod's uid is not known");
  const { namespace, name, uid } = pod;
  return { namespace, name, uid };
}

/** `pod shop/web-1` */
export function describePod({ namespace, name }: PodName): string {
  return `pod ${namespace}/${name}`;
}

/** Throws if the agent knows no API server. */
export function reachable(pods: Pods | undefined): Pods {
  if (!pods) throw new Error('the agent knows no API server (collectors.kubernetes)');
  return pods;
}
