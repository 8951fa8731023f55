// Stores the metadata of a container in the sandbox's table, if there is room: they may come from a recording, and the
// creator of the container decides their length.

import type { Capture } from './native.ts';

/** False when the table is full or the entry too large: the container then only has what its cgroup shows. */
export function storeContainer(capture: Capture, id: string, entry: Uint8Array): boolean {
  try {
    capture.setContainer(id, entry);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CAPTURE_CONTAINER')) return false;
    throw error;
  }
}
