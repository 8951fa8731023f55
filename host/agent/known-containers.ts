// The metadata of each container: from its runtime and the API server, or from a recording.

import { type ContainerBytes, ContainerRecord } from '../fields/record.ts';
import { decode } from '../fields/value.ts';
import type { ContainerState, PodState } from '../metadata/container-state.ts';
import { ContainerDirectory } from '../metadata/directory/container-directory.ts';
import { placeInCluster } from '../metadata/kubernetes/connection.ts';
import type { SessionPlace } from '../sessions/exec-entry.ts';
import type { OptionsWithDefaults } from './agent-options.ts';

export class KnownContainers {
  readonly directory: ContainerDirectory;
  readonly #recorded = new Map<string, Uint8Array>();

  /**
   * @param patience milliseconds that an event or alert waits for its container
   * @param onEntry called with each entry of the container table, and when one changes
   */
  constructor(
    { runtimes, kubernetes = placeInCluster(), onTrouble }: OptionsWithDefaults,
    patience: number,
    onEntry: (id: string, entry: Uint8Array) => void,
  ) {
    this.directory = new ContainerDirectory(onEntry, { places: runtimes, kubernetes, patience, onTrouble });
  }

  /** Adds a container from a recording. */
  record(id: string, entry: Uint8Array): void {
    this.#recorded.set(id, entry);
  }

  /** Its entry of the container table; undefined if it is not known yet. */
  entry(id: string): Uint8Array | undefined {
    return this.#recorded.get(id) ?? this.directory.entry(id);
  }

  /** Why its metadata is missing, if the look-up has failed. */
  failure(id: string): string | undefined {
    return failureOf(this.directory.state(id));
  }

  /** Why the metadata of its pod is missing, if the look-up has failed. */
  podFailure(id: string): string | undefined {
    return failureOf(this.directory.podState(id));
  }

  /** Whether it was made with that label. True in doubt, because such labels protect containers from responses. */
  mayHaveOwnLabel(id: string, key: string, value: string): boolean {
    const entry = this.entry(id);
    return entry === undefined || ContainerRecord.of(entry).mayHaveOwnLabel(key, value);
  }

  /** Its pod; undefined if it is in none, `unknown` if that may still be found. */
  place(id: string): SessionPlace | 'unknown' | undefined {
    const entry = this.entry(id);
    const place = entry && placeOf(ContainerRecord.of(entry));
    // A container that no runtime knew at first is looked up again.
    const isPending = entry === undefined || this.directory.state(id)?.state === 'failed';
    return place === undefined && isPending ? 'unknown' : place;
  }
}

function placeOf(container: ContainerRecord): SessionPlace | undefined {
  const text = (member: ContainerBytes): string | undefined => {
    const bytes = container.bytes(member);
    return bytes && bytes.length > 0 ? decode(bytes) : undefined;
  };
  const [namespace, pod] = [text('pod_namespace'), text('pod_name')];
  if (namespace === undefined || pod === undefined) return undefined;
  return { namespace, pod, name: text('name'), started: container.big('start_time') };
}

function failureOf(state: ContainerState | PodState | undefined): string | undefined {
  return state?.state === 'failed' ? state.failure : undefined;
}
