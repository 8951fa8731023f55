// Docker's engine API, which Podman has too: metadata of a container.

import { asArray, asNanoseconds, asText, asTexts, at } from '../diagnostics/json-value.ts';
import { compact } from './compact.ts';
import type { ContainerMetadata, ContainerMount, HostNamespaces } from './container-metadata.ts';
import { environmentNames } from './environment-names.ts';
import { podOfLabels } from './pod-labels.ts';
import { getJson, RuntimeRequestError } from './unix-http.ts';

export const DOCKER_SOCKET = '/run/docker.sock';
export const PODMAN_SOCKET = '/run/podman/podman.sock';

const NOT_FOUND = 404;

/** Undefined for an unknown container. Rejects when the engine does not answer. */
export async function inspectContainer(
  runtime: string,
  socket: string,
  id: string,
  signal: AbortSignal,
): Promise<ContainerMetadata | undefined> {
  try {
    const answer = await getJson(socket, `/containers/${encodeURIComponent(id)}/json`, signal);
    const image = await imageOf(socket, asText(at(answer, 'Image')), signal);
    return { runtime, ...fromInspection(answer, image), ...fromImage(image) };
  } catch (error) {
    if (error instanceof RuntimeRequestError && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

/**
 * From the answer to `GET /containers/ID/json`, which has the labels of the image among its own.
 * @param image the answer to `GET /images/ID/json`
 */
export function fromInspection(answer: unknown, image?: unknown): ContainerMetadata {
  const privileged = at(answer, 'HostConfig', 'Privileged');
  const labels = asTexts(at(answer, 'Config', 'Labels'));
  const ofImage = asTexts(at(image, 'Config', 'Labels'));
  const imageLabels = new Map([...labels].filter(([name, value]) => ofImage.get(name) === value));
  const ownLabels = new Map([...labels].filter(([name]) => !imageLabels.has(name)));
  // The kubelet's labels replace those of the image, and may be the same.
  const isOfKubelet = asText(at(answer, 'HostConfig', 'CgroupParent'))?.includes('kubepods') ?? false;
  return compact<ContainerMetadata>({
    name: asText(at(answer, 'Name'))?.replace(/^\//, ''),
    image: asText(at(answer, 'Config', 'Image')),
    imageId: asText(at(answer, 'Image'))?.replace(/^sha256:/, ''),
    privileged: typeof privileged === 'boolean' ? privileged : undefined,
    startTime: asNanoseconds(at(answer, 'State', 'StartedAt')),
    ip: address(answer),
    user: asText(at(answer, 'Config', 'User')) || undefined,
    environmentNames: environmentNames(at(answer, 'Config', 'Env')),
    hostNamespaces: hostNamespaces(answer),
    labels,
    imageLabels: imageLabels.size > 0 ? imageLabels : undefined,
    pod: podOfLabels(isOfKubelet ? labels : ownLabels),
    mounts: asArray(at(answer, 'Mounts')).map(mount),
  });
}

function hostNamespaces(answer: unknown): HostNamespaces | undefined {
  const [pid, network, ipc] = ['PidMode', 'NetworkMode', 'IpcMode'].map((name) => at(answer, 'HostConfig', name));
  if (pid === undefined && network === undefined && ipc === undefined) return undefined;
  return { pid: pid === 'host', network: network === 'host', ipc: ipc === 'host' };
}

function address(answer: unknown): string | undefined {
  const main = asText(at(answer, 'NetworkSettings', 'IPAddress'));
  if (main) return main;
  const networks = Object.values((at(answer, 'NetworkSettings', 'Networks') as object | undefined) ?? {});
  return networks.map((network) => asText(at(network, 'IPAddress'))).find((ip) => ip);
}

function mount(value: unknown): ContainerMount {
  return {
    source: asText(at(value, 'Source')) ?? '',
    destination: asText(at(value, 'Destination')) ?? '',
    mode: asText(at(value, 'Mode')) ?? '',
    writable: at(value, 'RW') === true,
    propagation: asText(at(value, 'Propagation')) ?? '',
  };
}

/** The answer about the image; undefined if there is none: the rest is useful without it. */
async function imageOf(socket: string, image: string | undefined, signal: AbortSignal): Promise<unknown> {
  if (!image) return undefined;
  try {
    return await getJson(socket, `/images/${encodeURIComponent(image)}/json`, signal);
  } catch {
    return undefined;
  }
}

/** From the answer to `GET /images/ID/json`. */
export function fromImage(answer: unknown): ContainerMetadata {
  const digest = asText(asArray(at(answer, 'RepoDigests'))[0]);
  return compact<ContainerMetadata>({ imageDigest: digest?.slice(digest.indexOf('@') + 1) });
}
