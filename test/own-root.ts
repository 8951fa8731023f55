// A root that is a mount point, for tests that make containers. In a plain chroot (a build environment, say) "/" is none, and
// runc, which makes it private first of all, fails with EINVAL. So tests run below a bind mount of everything there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param mountinfo text of /proc/self/mountinfo; its fifth column is the mount point */
export function rootIsMountPoint(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): boolean {
  return mountinfo.split('\n').some((line) => line.split(' ')[4] === '/');
}

/** Only this process and what it starts see the mounts. */
const SCRIPT = 'mount --rbind / "$0" && mount --make-rprivate "$0" && exec chroot "$0" "$@"';

/** Runs this process's command again below a root of its own; resolves to its exit status. */
export async function runBelowOwnRoot(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'wasprey-root-'));
  try {
    const words = ['--mount', '--propagation', 'unchanged', 'sh', '-c', SCRIPT, root, process.execPath];
    const child = spawn('unshare', [...words, ...process.argv.slice(1)], { stdio: 'inherit' });
    const [status] = await once(child, 'exit');
    return typeof status === 'number' ? status : 1;
  } finally {
    rmdirSync(root);
  }
}
