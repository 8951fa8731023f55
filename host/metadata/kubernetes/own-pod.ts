// Events on the agent's own pod, where `kubectl describe pod` shows them.

import { hostname } from 'node:os';
import { ApiClient } from './api.ts';
import { connect, type KubernetesPlace } from './connection.ts';

const TIMEOUT_MS = 10_000;
/** The API server's limit. */
const LONGEST_MESSAGE = 1024;
const LONGEST_REASON = 128;

export interface OwnPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  /** One word, for programs. */
  readonly reason: string;
  readonly message: string;
}

/** From the environment that the manifests set; undefined without it, or outside of a pod. */
export function ownPod({ POD_NAME, POD_NAMESPACE, POD_UID }: NodeJS.ProcessEnv = process.env): OwnPod | undefined {
  if (!POD_NAME || !POD_NAMESPACE || !POD_UID) return undefined;
  return { name: POD_NAME, namespace: POD_NAMESPACE, uid: POD_UID };
}

/** Rejects with MetadataError, for example if the role doesn't allow it. */
export async function writePodEvent(place: KubernetesPlace, pod: OwnPod, event: PodEvent): Promise<void> {
  const client = new ApiClient(await connect(place));
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`;
    await client.create(path, eventObject(pod, event, new Date()), TIMEOUT_MS);
  } finally {
    client.close();
  }
}

function eventObject({ name, namespace, uid }: OwnPod, { type, reason, message }: PodEvent, now: Date) {
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${name}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    type,
    reason: reason.slice(0, LONGEST_REASON),
    message: message.slice(0, LONGEST_MESSAGE),
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component: 'wasprey', host: hostname() },
    reportingComponent: 'wasprey',
    reportingInstance: name,
  };
}
