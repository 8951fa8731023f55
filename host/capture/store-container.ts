// What is known of a container goes into the sandbox's table, if there is room: it may come from a recording, or be as long as whoever
// started the container liked.

import type { Capture } from './native.ts';

/** False when the table is full or the entry too large for it: the container stays as its cgroup tells. */
export function storeContainer(capture: Capture, id: string, entry: Uint8Array): boolean {
  try {
    capture.setContainer(id, entry);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CAPTURE_CONTAINER')) return false;
    throw error;
  }
}
