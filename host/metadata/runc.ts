// A container of plain runc: its state directory says where its bundle is, the bundle's config.json the rest.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asArray, asNanoseconds, asText, asTexts, at } from '../diagnostics/json-value.ts';
import type { ContainerMetadata, ContainerMount } from './container-metadata.ts';
import { environmentNames } from './environment-names.ts';
import { readJsonFile } from './json-file.ts';
import { isPrivileged } from './oci-privileges.ts';
import { podOfLabels } from './pod-labels.ts';

/** Where runc keeps its states: by default, and under the engines that run it. */
export const RUNC_ROOTS: readonly string[] = ['/run/runc'];

/** Annotations by which tools that unpack an image into a bundle name it. */
const IMAGE_ANNOTATIONS = ['org.opencontainers.image.ref.name', 'org.opencontainers.image.base.name'];

/** Between two looks for the state of a container that is being made. It may live for some 50 ms, and its state no longer. */
const LOOK_AGAIN_MS = 5;

/**
 * As readRuncContainer, but waits for the state of a container that is being made: runc makes its directory, then its cgroup, by which it
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

/** Undefined if no root has a state of that id, or what is there is damaged. */
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

/** An id is a directory's name here; whoever made the cgroup chose it. */
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
  const pod = podOfLabels(annotations);
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
    ...(pod && { pod }),
  };
}

/** Bind mounts alone: /proc and the like are no one's choice. */
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
