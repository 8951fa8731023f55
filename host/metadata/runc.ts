// A container of plain runc: its state directory has the path of its bundle, the bundle's config.json the rest.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asArray, asNanoseconds, asText, asTexts, at } from '../diagnostics/json-value.ts';
import type { ContainerMetadata, ContainerMount } from './container-metadata.ts';
import { environmentNames } from './environment-names.ts';
import { readJsonFile } from './json-file.ts';
import { isPrivileged } from './oci-privileges.ts';
import { podOfLabels } from './pod-labels.ts';

/** State directories of runc: its default, and those of engines that run it. */
export const RUNC_ROOTS: readonly string[] = ['/run/runc'];

/** Annotations in which tools that unpack an image into a bundle store its name. */
const IMAGE_ANNOTATIONS = ['org.opencontainers.image.ref.name', 'org.opencontainers.image.base.name'];

/** Podman's bundles have it. Which of the others an image has brought can't be seen in them. */
const PODMAN_ANNOTATION = 'io.container.manager';

/** Interval of checks for the state of a new container. A container may live for only 50 ms, and its state no longer. */
const LOOK_AGAIN_MS = 5;

/**
 * Like readRuncContainer, but waits for the state of a new container: runc makes its directory, then its cgroup, by which it
 * becomes known here, and writes the state before the container's own program runs. `deadline`: ms of performance.now().
 */
export async function findRuncContainer(
  id: string,
  deadline: number,
  roots: readonly string[] = RUNC_ROOTS,
): Promise<ContainerMetadata | undefined> {
  for (;;) {
    const isBeingMade = isId(id) && roots.some((root) => existsSync(join(root, id)));
    const found = await readRuncContainer(id, roots);
    if (found || !isBeingMade || performance.now() >= deadline) return found;
    await pause(LOOK_AGAIN_MS, undefined, { ref: false });
  }
}

/** Undefined if no root has a valid state of that id. */
export async function readRuncContainer(
  id: string,
  roots: readonly string[] = RUNC_ROOTS,
): Promise<ContainerMetadata | undefined> {
  if (!isId(id)) return undefined;
  for (const root of roots) {
    const state = await readJsonFile(join(root, id, 'state.json'));
    if (!state) continue;
    const bundle = bundleOf(state);
    const config = bundle && (await readJsonFile(join(bundle, 'config.json')));
    return fromState(id, state, config);
  }
  return undefined;
}

/** The id becomes a directory's name; the cgroup's creator chose it. */
function isId(id: string): boolean {
  return /^[\w+.-]+$/.test(id) && id !== '.' && id !== '..';
}

/** runc keeps the bundle's path among the labels of its configuration: `bundle=/path`. */
function bundleOf(state: unknown): string | undefined {
  const label = asArray(at(state, 'config', 'labels')).find((text) => asText(text)?.startsWith('bundle='));
  return asText(label)?.slice('bundle='.length);
}

function fromState(id: string, state: unknown, config: unknown): ContainerMetadata {
  const annotations = asTexts(at(config, 'annotations'));
  const image = IMAGE_ANNOTATIONS.map((name) => annotations.get(name)).find((name) => name);
  const startTime = asNanoseconds(at(state, 'created'));
  const user = at(config, 'process', 'user', 'uid');
  const isOfPodman = annotations.has(PODMAN_ANNOTATION);
  const pod = isOfPodman ? undefined : podOfLabels(annotations);
  const names = environmentNames(at(config, 'process', 'env'));
  return {
    runtime: 'runc',
    name: id,
    ...(image !== undefined && { image }),
    ...(startTime !== undefined && { startTime }),
    ...(typeof user === 'number' && { user: String(user) }),
    ...(names && { environmentNames: names }),
    ...(config !== undefined && {
      privileged: isPrivileged(config),
      mounts: asArray(at(config, 'mounts'))
        .map(mount)
        .filter((found) => found !== undefined),
    }),
    labels: annotations,
    ...(isOfPodman && { imageLabels: annotations }),
    ...(pod && { pod }),
  };
}

/** Only bind mounts: /proc and the like are in every container. */
function mount(value: unknown): ContainerMount | undefined {
  const options = asArray(at(value, 'options')).map(String);
  if (asText(at(value, 'type')) !== 'bind' && !options.includes('bind') && !options.includes('rbind')) return undefined;
  return {
    source: asText(at(value, 'source')) ?? '',
    destination: asText(at(value, 'destination')) ?? '',
    mode: options.filter((option) => option !== 'bind' && option !== 'rbind').join(','),
    writable: !options.includes('ro'),
    propagation: options.find((option) => /^r?(private|shared|slave)$/.test(option)) ?? '',
  };
}
