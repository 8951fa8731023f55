// Which clusters the test files of a run share. Each file takes one that no other file uses at the time.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** Where a running cluster is. */
export interface ClusterPlace {
  readonly folder: string;
  /** Process whose namespaces it has. */
  readonly pid: number;
  /** Folder with the archives of images that were made for it, which clusters that run beside each other share. */
  readonly archives: string;
}

const VARIABLE = 'WASPREY_TEST_CLUSTERS';

/** Names the clusters to processes that inherit this one's environment. Returns what takes that back. */
export function announceClusters(places: readonly ClusterPlace[]): () => void {
  process.env[VARIABLE] = JSON.stringify(places);
  return () => delete process.env[VARIABLE];
}

/**
 * Takes a cluster that is announced and that no other process uses, until this process ends. Undefined if none is announced.
 * The lock is the kernel's: it ends with this process, however that ends.
 */
export function takeSharedCluster(): ClusterPlace | undefined {
  const announced = process.env[VARIABLE];
  if (announced === undefined) return undefined;
  const places = JSON.parse(announced) as readonly ClusterPlace[];
  const free = places.find(({ folder }) => isLocked(join(folder, 'used')));
  if (free === undefined) throw new Error(`all of ${places.length} clusters are in use: more files run than clusters`);
  return free;
}

/** Whether this process has the lock now. */
function isLocked(path: string): boolean {
  const descriptor = openSync(path, 'a');
  const { status } = spawnSync('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  if (status === 0) return true;
  closeSync(descriptor);
  return false;
}
