// A root that is a mount point and its mount namespace's own, for tests that make containers. In a plain chroot (a minimal
// Debian that CI is tried in) it is neither: runc fails when it makes "/" private, `runc exec` ends up in the machine's root, and
// user namespaces are refused. So tests run in a mount namespace whose root is a bind mount of everything there, and in a process
// namespace whose first process has that root: the agent names files as that process has them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param mountinfo text of /proc/self/mountinfo; its fifth column is the mount point */
export function rootIsMountPoint(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  return mountinfo.split('\n').some((line) => line.split(' ')[4] === '/');
}

/** In a mount namespace of its own: $0 is a folder for the new root, the arguments are the command. */
const ENTER = `
  mount --rbind / "$0" && mount --make-rprivate "$0" && cd "$0" &&
  exec nsenter --mount=/proc/self/ns/mnt --wd=. ./bin/busybox sh -c "$PIVOT" sh "$@"`;

/**
 * Entering a mount namespace, even the own one, leads to its root, out of the chroot: only there is pivot_root allowed. Until that
 * is done, programs and libraries are another system's, so a static busybox does it.
 */
const PIVOT = `
  ./bin/busybox mount --make-rprivate / && ./bin/busybox mkdir tmp/wasprey-old-root &&
  ./bin/busybox pivot_root . tmp/wasprey-old-root && cd / && mount -t proc proc /proc &&
  umount -l /tmp/wasprey-old-root && rmdir /tmp/wasprey-old-root || exit 1
  # The first process takes the status of orphans.
  "$@"
  exit $?`;

/** Runs this process's command again below a root of its own; resolves to its exit status. */
export async function runBelowOwnRoot(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'wasprey-root-'));
  try {
    const words = [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--propagation',
      'unchanged',
      'sh',
      '-c',
      ENTER,
      root,
      process.execPath,
    ];
    const child = spawn('unshare', [...words, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, PIVOT },
    });
    const [status] = await once(child, 'exit');
    return typeof status === 'number' ? status : 1;
  } finally {
    rmdirSync(root);
  }
}
