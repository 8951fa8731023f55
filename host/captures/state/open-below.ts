// Opens files below a folder that a hostile process may change meanwhile: no symbolic link on the way is followed, so nothing outside of
// the folder is read. openat2(2) with RESOLVE_NO_SYMLINKS would do it in one call, and Node does not have it.

import { closeSync, constants, openSync } from 'node:fs';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A descriptor, or undefined if it is not there, a link, or may not be read. @param path begins with `/`; '' is the folder itself */
export function openBelow(folder: string, path: string, kind: 'file' | 'folder'): number | undefined {
  const names = path.split('/').slice(1);
  const last = names.pop();
  let place = tryOpen(folder, O_RDONLY | O_DIRECTORY);
  for (const name of names) place = step(place, name, O_DIRECTORY);
  if (last === undefined) return place;
  return step(place, last, kind === 'folder' ? O_DIRECTORY : O_NONBLOCK);
}

/** Opens a name in a folder, and closes the folder. */
function step(folder: number | undefined, name: string, flags: number): number | undefined {
  if (folder === undefined) return undefined;
  try {
    return tryOpen(`/proc/self/fd/${folder}/${name}`, O_RDONLY | O_NOFOLLOW | flags);
  } finally {
    closeSync(folder);
  }
}

function tryOpen(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}
