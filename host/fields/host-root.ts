// The host's files: in a container with the host's pid namespace, init's root is the host's; where init may not be looked at, our own (as in
// native/src/).

import { accessSync, constants } from 'node:fs';

/** In front of absolute paths; empty: our own root. */
export const HOST_ROOT = isReadable('/proc/1/root') ? '/proc/1/root' : '';

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
