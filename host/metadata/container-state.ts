// How much is known of a container at the moment, and why it is not more: for events and alerts that wait for it.

/** Why nothing could be found out about a container: stable, for counters. */
export type LookupFailure =
  /** No runtime's socket or state directory is there. */
  | 'no-runtime'
  /** The runtimes answered that they do not know it. */
  | 'not-known'
  | 'timed-out'
  /** Its socket is there, but nobody answers. */
  | 'no-answer'
  /** A runtime answered with an error, or with what makes no sense. */
  | 'runtime-failed'
  /** More containers waited than can be asked about. */
  | 'too-many-waiting';

export type ContainerState =
  /** It has been asked about. */
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

/** `reason` completes "nothing is known of the container: ...". */
export function failedState(failure: LookupFailure): ContainerState {
  return { state: 'failed', failure, reason: REASONS[failure] };
}

export type PodLookupFailure =
  /** The API server can't be reached, or refuses to answer. */
  'no-answer' | 'not-known' | 'timed-out';

/** How much the API server has told of a container's pod. `none`: it is in no pod, or no API server is asked. */
export type PodState =
  | { readonly state: 'none' }
  | { readonly state: 'pending' }
  | { readonly state: 'known' }
  | { readonly state: 'failed'; readonly failure: PodLookupFailure; readonly reason: string };

const POD_REASONS: Readonly<Record<PodLookupFailure, string>> = {
  'no-answer': 'the Kubernetes API server does not answer',
  'not-known': 'the Kubernetes API server does not know the pod',
  'timed-out': 'the Kubernetes API server did not tell of the pod in time',
};

/** `reason` completes "the pod's metadata are missing: ...". */
export function failedPodState(failure: PodLookupFailure): PodState {
  return { state: 'failed', failure, reason: POD_REASONS[failure] };
}
