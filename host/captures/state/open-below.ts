// Opens files below a folder that a hostile process may change meanwhile: no symbolic link on the way is followed, so nothing outside of
// the folder is read. openat2(2) with RESOLVE_NO_SYMLINKS would do it in one call, and Node does not have it.

import { closeSync, constants } from 'node:fs';
import { openPlace, openRegular, tryOpen } from './file-systems.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * A descriptor, or undefined if it is not there, a link, no regular file or folder, or may not be read.
 * @param path begins with `/`; '' is the folder itself; bytes where a name is not UTF-8
 */
export function openBelow(folder: string, path: string | Buffer, kind: 'file' | 'folder'): number | undefined {
  // Each character is a byte, whatever it means.
  const names = Buffer.from(path).toString('latin1').split('/').slice(1);
  const last = names.pop();
  let place = tryOpen(folder, O_RDONLY | O_DIRECTORY);
  for (const name of names) place = step(place, name, openFolder);
  if (last === undefined) return place;
  return step(place, last, kind === 'folder' ? openFolder : openFile);
}

/** Opens a name in a folder, and closes the folder. */
function step(folder: number | undefined, name: string, open: (path: Buffer) => number | undefined) {
  if (folder === undefined) return undefined;
  try {
    return open(Buffer.from(`/proc/self/fd/${folder}/${name}`, 'latin1'));
  } finally {
    closeSync(folder);
  }
}

function openFolder(path: Buffer): number | undefined {
  return tryOpen(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
}

/** What is a file when it is listed may be a device now, and to open that may have effects: a watchdog begins to count. */
function openFile(path: Buffer): number | undefined {
  const place = openPlace(path);
  if (place === undefined) return undefined;
  try {
    return openRegular(place);
  } finally {
    closeSync(place);
  }
}
