// The state of the metadata of a container, with the reason if they are missing: for events and alerts that wait for it.

/** Why a container's metadata are unknown. Stable, for counters. */
export type LookupFailure =
  /** No socket or state directory of a runtime exists. */
  | 'no-runtime'
  /** The runtimes do not know it. */
  | 'not-known'
  | 'timed-out'
  /** Its socket exists, but does not answer. */
  | 'no-answer'
  /** A runtime's answer was an error or invalid. */
  | 'runtime-failed'
  /** Too many containers waited for a lookup. */
  | 'too-many-waiting';

export type ContainerState =
  /** The lookup is running. */
  | { readonly state: 'pending' }
  | { readonly state: 'known' }
  | { readonly state: 'failed'; readonly failure: LookupFailure; readonly reason: string };

const REASONS: Readonly<Record<LookupFailure, string>> = {
  'no-runtime': 'no container runtime socket',
  'not-known': 'the container runtime does not know it',
  'timed-out': 'the container runtime did not answer in time',
  'no-answer': 'the container runtime does not answer',
  'runtime-failed': 'the container runtime answered with an error',
  'too-many-waiting': 'too many containers waited for the runtime',
};

/** `reason` completes "the container is unknown: ...". */
export function failedState(failure: LookupFailure): ContainerState {
  return { state: 'failed', failure, reason: REASONS[failure] };
}

export type PodLookupFailure =
  /** The API server can't be reached, or refuses to answer. */
  'no-answer' | 'not-known' | 'timed-out';

/** The state of the API server's data on a container's pod. `none`: it is not in a pod, or no API server is used. */
export type PodState =
  | { readonly state: 'none' }
  | { readonly state: 'pending' }
  | { readonly state: 'known' }
  | { readonly state: 'failed'; readonly failure: PodLookupFailure; readonly reason: string };

const POD_REASONS: Readonly<Record<PodLookupFailure, string>> = {
  'no-answer': 'the Kubernetes API server does not answer',
  'not-known': 'the Kubernetes API server does not know the pod',
  'timed-out': 'the Kubernetes API server did not answer about the pod in time',
};

/** `reason` completes "the pod's metadata are missing: ...". */
export function failedPodState(failure: PodLookupFailure): PodState {
  return { state: 'failed', failure, reason: POD_REASONS[failure] };
}
