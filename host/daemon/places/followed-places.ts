// The paths of followed artifacts on disk.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../../config/definition.ts';
import { Follower } from '../../registry/follow.ts';

/** Paths of the rules of each artifact, in their order, fetched or not. */
export function followedPlaces({ follow, follow_folder }: Pick<Configuration, 'follow' | 'follow_folder'>): string[] {
  return follow.map(({ reference = '' }) => Follower.currentBelow(followFolder(follow_folder, reference)));
}

/** Whether the fetched artifact is a module. */
export function holdsModule(place: string): boolean {
  return existsSync(place) && readdirSync(place).some((name) => name.endsWith('.wasm'));
}

/** The folder of one reference. */
export function followFolder(parent: string, reference: string): string {
  return join(parent, encodeURIComponent(reference.replace('oci://', '')));
}
