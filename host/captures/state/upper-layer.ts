// What a container has changed in its file system: the files of the upper layer of its overlay. A removed file is a character device
// 0:0 there.

import { isUtf8 } from 'node:buffer';
import { closeSync, type Dir, lstatSync, opendirSync, type Stats } from 'node:fs';
import { openBelow } from './open-below.ts';
import type { ChangedFile } from './state.ts';
import type { TimeLimit } from './time-limit.ts';

/** Below the upper layer. A hostile container can nest folders until no path can name them. */
const DEEPEST = 64;
/** Entries of a folder that are listed before other folders have had their turn. */
const FIRST_TURN = 256;

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

interface WaitingFolder {
  readonly path: Buffer;
  readonly depth: number;
  /** Names, as latin1, that were listed when it had its first turn. */
  readonly listed?: ReadonlySet<string>;
}

/**
 * Folders come in the order of their depth, and those with many entries have a second turn when all others have had one: a million files in one
 * do not hide what was dropped beside it.
 * @param layer where the layer can be read here; undefined is returned if it is not there
 */
export function changedFiles(layer: string, most: number, limit: TimeLimit): UpperLayer | undefined {
  const entries: LayerFile[] = [];
  let isComplete = true;
  const waiting: WaitingFolder[] = [{ path: Buffer.alloc(0), depth: 0 }];
  const again: WaitingFolder[] = [];
  const next = (): WaitingFolder | undefined => waiting.shift() ?? again.shift();
  for (let folder = next(); folder; folder = next()) {
    const descriptor = openBelow(layer, folder.path, 'folder');
    if (descriptor === undefined) {
      if (folder.depth === 0) return undefined;
      continue;
    }
    const { listed } = folder;
    const first = new Set<string>();
    try {
      for (const name of namesIn(`/proc/self/fd/${descriptor}`)) {
        if (entries.length >= most || limit.isOver) return layerOf(entries, false);
        if (listed?.has(name)) continue;
        if (!listed && first.size === FIRST_TURN) {
          again.push({ ...folder, listed: first });
          break;
        }
        first.add(name);
        const bytes = Buffer.from(name, 'latin1');
        const stats = statOf(Buffer.concat([Buffer.from(`/proc/self/fd/${descriptor}/`), bytes]));
        if (!stats) continue;
        const path = Buffer.concat([folder.path, SLASH, bytes]);
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

/** One at a time: a folder may have millions. As latin1, each character a byte, because they may be no text. */
function* namesIn(folder: string): Generator<string> {
  let entries: Dir;
  try {
    entries = opendirSync(folder, { encoding: 'latin1' });
  } catch {
    return;
  }
  try {
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) yield entry.name;
  } finally {
    entries.closeSync();
  }
}

function describe(path: Buffer, stats: Stats): ChangedFile {
  const { size, mode, uid, mtimeMs, ctimeMs } = stats;
  const kind = kindOf(stats);
  return { path: textOf(path), kind, size, mode: mode & 0o7777, user: uid, modified: mtimeMs, changed: ctimeMs };
}

/** The path as text: in one that is not UTF-8, bytes that are not ASCII are shown as `\xff`. */
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
