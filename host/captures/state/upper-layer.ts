// What a container has changed in its file system: the files of the upper layer of its overlay. A removed file is a character device
// 0:0 there.

import { isUtf8 } from 'node:buffer';
import { closeSync, type Dir, lstatSync, opendirSync, type Stats } from 'node:fs';
import { openBelow } from './open-below.ts';
import type { ChangedFile } from './state.ts';
import type { TimeLimit } from './time-limit.ts';

/** Below the upper layer. A hostile container can nest folders until no path can name them. */
const DEEPEST = 64;

/** A file, and what is needed to open it. */
export interface LayerFile {
  readonly file: ChangedFile;
  /** The path as it is: a name may be no text. */
  readonly path: Buffer;
  readonly inode: number;
}

export interface UpperLayer {
  readonly entries: readonly LayerFile[];
  readonly files: readonly ChangedFile[];
  readonly isComplete: boolean;
}

/** @param layer where the layer can be read here; undefined is returned if it is not there */
export function changedFiles(layer: string, most: number, limit: TimeLimit): UpperLayer | undefined {
  const entries: LayerFile[] = [];
  let isComplete = true;
  const waiting: { readonly path: Buffer; readonly depth: number }[] = [{ path: Buffer.alloc(0), depth: 0 }];
  for (let folder = waiting.shift(); folder; folder = waiting.shift()) {
    const descriptor = openBelow(layer, folder.path, 'folder');
    if (descriptor === undefined) {
      if (folder.depth === 0) return undefined;
      continue;
    }
    try {
      for (const [name, stats] of entriesOf(`/proc/self/fd/${descriptor}`)) {
        if (entries.length >= most || limit.isOver) return layerOf(entries, false);
        const path = Buffer.concat([folder.path, SLASH, name]);
        entries.push({ file: describe(path, stats), path, inode: stats.ino });
        if (!stats.isDirectory()) continue;
        if (folder.depth < DEEPEST) waiting.push({ path, depth: folder.depth + 1 });
        else isComplete = false;
      }
    } finally {
      closeSync(descriptor);
    }
  }
  return layerOf(entries, isComplete);
}

const SLASH = Buffer.from('/');

function layerOf(entries: readonly LayerFile[], isComplete: boolean): UpperLayer {
  return { entries, files: entries.map(({ file }) => file), isComplete };
}

/** One at a time: a folder may have millions. Names are read as latin1, each character a byte, because they may be no text. */
function* entriesOf(folder: string): Generator<[Buffer, Stats]> {
  let entries: Dir;
  try {
    entries = opendirSync(folder, { encoding: 'latin1' });
  } catch {
    return;
  }
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) {
      const name = Buffer.from(entry.name, 'latin1');
      const stats = statOf(Buffer.concat([Buffer.from(folder), SLASH, name]));
      if (stats) yield [name, stats];
    }
  } finally {
    entries.closeSync();
  }
}

function describe(path: Buffer, stats: Stats): ChangedFile {
  const { size, mode, uid, mtimeMs, ctimeMs } = stats;
  const kind = kindOf(stats);
  return { path: textOf(path), kind, size, mode: mode & 0o7777, user: uid, modified: mtimeMs, changed: ctimeMs };
}

/** Of a path that is not UTF-8, the bytes that are not ASCII are shown as `\xff`. */
function textOf(path: Buffer): string {
  if (isUtf8(path)) return path.toString('utf8');
  return path.toString('latin1').replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

function kindOf(stats: Stats): ChangedFile['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isCharacterDevice() && stats.rdev === 0 ? 'removed' : 'other';
}

function statOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
