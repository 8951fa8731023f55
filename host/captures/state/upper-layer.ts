// What a container has changed in its file system: the files of the upper layer of its overlay. A removed file is a character device
// 0:0 there.

import { closeSync, type Dir, lstatSync, opendirSync, type Stats } from 'node:fs';
import { openBelow } from './open-below.ts';
import type { ChangedFile } from './state.ts';
import type { TimeLimit } from './time-limit.ts';

/** Below the upper layer. A hostile container can nest folders until no path can name them. */
const DEEPEST = 64;

export interface UpperLayer {
  readonly files: ChangedFile[];
  readonly isComplete: boolean;
}

/** @param layer where the layer can be read here; undefined is returned if it is not there */
export function changedFiles(layer: string, most: number, limit: TimeLimit): UpperLayer | undefined {
  const files: ChangedFile[] = [];
  let isComplete = true;
  const waiting: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = waiting.shift(); folder; folder = waiting.shift()) {
    const descriptor = openBelow(layer, folder.path, 'folder');
    if (descriptor === undefined) {
      if (folder.depth === 0) return undefined;
      continue;
    }
    try {
      for (const [name, stats] of entriesOf(`/proc/self/fd/${descriptor}`)) {
        if (files.length >= most || limit.isOver) return { files, isComplete: false };
        const path = `${folder.path}/${name}`;
        files.push(describe(path, stats));
        if (!stats.isDirectory()) continue;
        if (folder.depth < DEEPEST) waiting.push({ path, depth: folder.depth + 1 });
        else isComplete = false;
      }
    } finally {
      closeSync(descriptor);
    }
  }
  return { files, isComplete };
}

/** One at a time: a folder may have millions. */
function* entriesOf(folder: string): Generator<[string, Stats]> {
  let entries: Dir;
  try {
    entries = opendirSync(folder);
  } catch {
    return;
  }
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
      const stats = statOf(`${folder}/${entry.name}`);
      if (stats) yield [entry.name, stats];
    }
  } finally {
    entries.closeSync();
  }
}

function describe(path: string, stats: Stats): ChangedFile {
  const { size, mode, uid, mtimeMs, ctimeMs } = stats;
  return { path, kind: kindOf(stats), size, mode: mode & 0o7777, user: uid, modified: mtimeMs, changed: ctimeMs };
}

function kindOf(stats: Stats): ChangedFile['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isCharacterDevice() && stats.rdev === 0 ? 'removed' : 'other';
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
