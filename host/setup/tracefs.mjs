// Mounts tracefs, through which tracepoints are attached. Desktop and server systems have it mounted; minimal ones don't.

import { spawnSync } from 'node:child_process';
import { SYSTEM_PATH } from './paths.mjs';

/** @import { Problem } from './failure.mjs' */

const MOUNT_POINT = '/sys/kernel/tracing';

/** @returns {Problem | undefined} why it can't be mounted */
export function mountTracefs() {
  const { status, stderr, error } = spawnSync(
    'mount',
    ['-t', 'tracefs', '-o', 'nosuid,nodev,noexec', 'tracefs', MOUNT_POINT],
    { encoding: 'utf8', env: { ...process.env, PATH: SYSTEM_PATH } },
  );
  if (status === 0) return undefined;
  return {
    what: `tracefs is not mounted, and mounting it failed: ${error ? error.message : stderr.trim()}`,
    how: `as root of the host: mount -t tracefs tracefs ${MOUNT_POINT}`,
  };
}
