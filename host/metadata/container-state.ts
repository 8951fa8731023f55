// How much is known of a container at the moment, and why it is not more: for events and alerts that wait for it.

/** Why nothing could be found out about a container: stable, for counters. */
export type LookupFailure =
  /** No runtime's socket or state directory is there. */
  | 'no-runtime'
  /** The runtimes answered that they do not know it. */
  | 'not-known'
  | 'timed-out'
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
  'runtime-failed': 'the container runtime answered with an error',
  'too-many-waiting': 'too many containers waited for the runtime',
};

/** `reason` completes "nothing is known of the container: ...". */
export function failedState(failure: LookupFailure): ContainerState {
  return { state: 'failed', failure, reason: REASONS[failure] };
}
