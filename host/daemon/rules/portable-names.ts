// Names of rule files for a module: independent of their folder, so that the same rules give the same module.

import { basename } from 'node:path';

/**
 * Names by path: the last part of the path, which is counted where several files have it in common: `rules.yaml`, `rules.yaml (2)`.
 * @param paths in the order in which they are loaded
 */
export function portableNames(paths: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const path of paths) {
    if (names.has(path)) continue;
    const name = basename(path);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    names.set(path, count === 1 ? name : `${name} (${count})`);
  }
  return names;
}
