// The actors of this machine: what carries out responses. Loaded when the ledger is opened, for responses or for what an earlier agent has left.

import { type RuntimePlaces, usualPlaces } from '../metadata/directory/runtime-places.ts';
import type { KubernetesPlace } from '../metadata/kubernetes/connection.ts';
import { isolationAndPodActors } from '../responses/actors/isolation-and-pod-actors.ts';
import { processAndContainerActors } from '../responses/actors/process-and-container-actors.ts';
import { findHierarchies } from '../responses/cgroups/hierarchies.ts';
import type { Actors } from '../responses/performing/performer.ts';
import type { ExecTime } from '../responses/processes/process-handle.ts';
import type { OwnPlace } from '../responses/rails.ts';
import type { NeverSettings } from '../responses/settings.ts';

/** Whom actors ask. */
export interface ActorPlaces {
  readonly runtimes: Partial<RuntimePlaces>;
  /** Undefined: no API server. */
  readonly kubernetes: KubernetesPlace | undefined;
}

/** What this version can do. @param execTime when the process of a pidfd last ran a program */
export function actorsOf(
  own: OwnPlace,
  never: () => NeverSettings,
  execTime: ExecTime,
  { runtimes, kubernetes }: ActorPlaces,
): Actors {
  const surroundings = { own, never, execTime, hierarchies: findHierarchies };
  return new Map([
    ...processAndContainerActors(surroundings, { ...usualPlaces(), ...runtimes }),
    ...isolationAndPodActors(surroundings, kubernetes),
  ]);
}
