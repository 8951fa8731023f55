// The kubelet's labels on containers, and its cgroup paths, which identify the pod.

import type { PodOfContainer } from './container-metadata.ts';

const NAME = 'io.kubernetes.pod.name';
const NAMESPACE = 'io.kubernetes.pod.namespace';
const UID = 'io.kubernetes.pod.uid';

/** Undefined if the container is not in a pod. */
export function podOfLabels(labels: ReadonlyMap<string, string>): PodOfContainer | undefined {
  const [name, namespace, uid] = [NAME, NAMESPACE, UID].map((key) => labels.get(key));
  if (name === undefined && namespace === undefined && uid === undefined) return undefined;
  return {
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
  };
}

/** `/kubepods/burstable/pod<uid>/...`, or with systemd `kubepods-burstable-pod<uid, dashes written _>.slice`. */
const POD_CGROUP =
  /(?:\/|-)pod([0-9a-f]{8}([-_])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?:[/:]|$)/;

/** The pod's uid in a cgroup path; for a static pod it is a hash. */
export function podUidOfCgroup(cgroup: string): string | undefined {
  if (!cgroup.includes('kubepods')) return undefined;
  return POD_CGROUP.exec(cgroup)?.[1]?.replaceAll('_', '-');
}
