// The sources of metadata of containers and pods, by the configuration.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../../config/definition.ts';
import { type RuntimePlaces, usualPlaces } from '../../metadata/directory/runtime-places.ts';
import { type KubernetesPlace, nodeName, placeInCluster } from '../../metadata/kubernetes/connection.ts';

interface EngineKeys {
  readonly enabled: boolean;
  readonly sockets: readonly string[];
}

export function runtimePlaces({ container_engines: engines }: Configuration): RuntimePlaces {
  const usual = usualPlaces();
  const cri = [engines.containerd, engines.cri];
  const given = cri.filter(({ enabled }) => enabled).flatMap((engine) => engine.sockets.map(belowHostRoot));
  const usualCri = cri.some(({ enabled }) => enabled) ? usual.criSockets : [];
  return {
    ...usual,
    criSockets: given.length > 0 ? [...new Set(given)] : usualCri,
    dockerSocket: socketOf(engines.docker, usual.dockerSocket),
    podmanSocket: socketOf(engines.podman, usual.podmanSocket),
  };
}

/**
 * Sockets that someone chose: configured ones that are not at a usual place. Charts and configurations list the usual ones of all runtimes, of which a
 * machine has a few.
 */
export function namedSockets({ container_engines: engines }: Configuration): readonly string[] {
  const { criSockets, dockerSocket, podmanSocket } = usualPlaces();
  const usual = [...criSockets, dockerSocket, podmanSocket].map(onRun);
  const { docker, podman, containerd, cri } = engines;
  const used = [docker, podman].map((engine) => socketOf(engine, ''));
  const tried = [containerd, cri].flatMap(({ enabled, sockets }) => (enabled ? sockets.map(belowHostRoot) : []));
  return [...used, ...tried].filter((path) => path !== '' && !usual.includes(onRun(path)));
}

/** /var/run is a link to /run. */
function onRun(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/');
}

/** The first existing socket; an empty path, which never exists, if the engine is disabled. */
function socketOf({ enabled, sockets }: EngineKeys, usual: string): string {
  if (!enabled) return '';
  const given = sockets.map(belowHostRoot);
  return given.find((path) => existsSync(path)) ?? given[0] ?? usual;
}

/** /var/run is a link to /run: of a host whose files are elsewhere it leads to the /run that is here, or there is no /var. */
function belowHostRoot(path: string): string {
  const root = process.env.HOST_ROOT ?? '';
  return root === '' ? path : join(root, onRun(path));
}

/** Undefined: by the service account of the agent's own pod. */
export function kubernetesPlace({ kubernetes }: Configuration): KubernetesPlace | false | undefined {
  const { enabled, node: given, kubeconfig } = kubernetes;
  if (!enabled) return false;
  const node = given === '' ? (nodeName() ?? hostname()) : given;
  if (kubeconfig !== '') return { node, kubeconfig };
  return placeInCluster({ ...process.env, NODE_NAME: node });
}
