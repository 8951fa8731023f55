// The folders to watch for changes of some paths: those that a path leads through, by whatever links, since any step of it may be replaced.

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/** The number of links that the kernel follows. */
const MOST_LINKS = 40;

/** Names whose changes matter, by folder; all names if the folder is watched for itself. */
export type Places = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

/** A path that does not exist (yet) is watched in the folder where it would appear. */
export function placesOf(paths: readonly string[]): Places {
  const places = new Map<string, Set<string> | 'all'>();
  const note = (folder: string, name: string): void => {
    const known = places.get(folder);
    if (known === undefined) places.set(folder, new Set([name]));
    else if (known !== 'all') known.add(name);
  };
  for (const path of paths) {
    const end = follow(resolve(path), note);
    if (end !== undefined) places.set(end, 'all');
  }
  return places;
}

/** Follows a path and its links. Returns the folder that it leads to, if any. */
function follow(path: string, note: (folder: string, name: string) => void): string | undefined {
  let left = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const { folder, name, rest, stats } = walk(left);
    if (name !== undefined) note(folder, name);
    if (stats?.isSymbolicLink()) {
      left = resolve(folder, readLink(resolve(folder, name ?? '')), rest);
      continue;
    }
    if (stats?.isDirectory()) {
      const end = resolve(folder, name ?? '');
      // The folder itself may be moved away, or removed and made again.
      if (end !== sep) note(dirname(end), name ?? '');
      return end;
    }
    return undefined;
  }
  return undefined;
}

/** Follows a path up to its end, a link or a missing component. */
function walk(path: string): { folder: string; name: string | undefined; rest: string; stats: Stats | undefined } {
  const names = path.split(sep).filter((name) => name !== '');
  let folder: string = sep;
  for (const [index, name] of names.entries()) {
    const stats = lstatSync(resolve(folder, name), { throwIfNoEntry: false });
    const isLast = index === names.length - 1;
    if (isLast || !stats?.isDirectory()) return { folder, name, rest: names.slice(index + 1).join(sep), stats };
    folder = resolve(folder, name);
  }
  return { folder, name: undefined, rest: '', stats: lstatSync(folder) };
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It has just been replaced: the folder that it is in is watched.
    return path;
  }
}
