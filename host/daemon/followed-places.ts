// Where the artifacts that a run follows lie on disk.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../config/definition.ts';
import { Follower } from '../registry/follow.ts';

/** Where the rules of each artifact lie, in their order, fetched yet or not. */
export function followedPlaces({ follow, follow_folder }: Pick<Configuration, 'follow' | 'follow_folder'>): string[] {
  return follow.map(({ reference = '' }) => Follower.currentBelow(followFolder(follow_folder, reference)));
}

/** Whether what was fetched there is a module. */
export function holdsModule(place: string): boolean {
  return existsSync(place) && readdirSync(place).some((name) => name.endsWith('.wasm'));
}

/** The folder of one reference. */
export function followFolder(parent: string, reference: string): string {
  return join(parent, encodeURIComponent(reference.replace('oci://', '')));
}
