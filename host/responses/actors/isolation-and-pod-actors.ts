// The actors that need the network, or the API server.

import type { KubernetesPlace } from '../../metadata/kubernetes/connection.ts';
import type { Actor } from '../action.ts';
import { Pods } from '../pods/pods.ts';
import type { ActionKind } from '../settings.ts';
import { DeletePod } from './delete-pod.ts';
import { IsolateContainer } from './isolate-container.ts';
import { LabelPod } from './label-pod.ts';
import type { Surroundings } from './surroundings.ts';

/** @param place undefined: the agent knows no API server */
export function isolationAndPodActors(
  surroundings: Surroundings,
  place: KubernetesPlace | undefined,
): readonly (readonly [ActionKind, Actor])[] {
  const pods = place && new Pods(place);
  const apiServer = place && 'server' in place ? new URL(place.server) : undefined;
  return [
    ['isolate_container', new IsolateContainer(surroundings, apiServer)],
    ['delete_pod', new DeletePod(pods)],
    ['label_pod', new LabelPod(pods)],
  ];
}
