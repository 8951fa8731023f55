// One set-up at a time in a checkout. The lock is the kernel's (flock), so it ends with its holder, however that ends;
// Node has no flock call, but flock(1) can lock an open file that it inherits, and the lock then stays with our descriptor.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * Takes the lock, waiting for its holder.
 * @param {string} path
 * @param {() => void} onWait called once if another has it
 * @returns {{ descriptor: number, release: () => void }} tools that must not outlive the lock inherit the descriptor
 */
export function takeLock(path, onWait) {
  const descriptor = openSync(path, 'a');
  const flock = (/** @type {string[]} */ ...options) =>
    spawnSync('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  // Where there is no flock(1) (it is part of util-linux) set-up goes on without a lock.
  if (flock('--nonblock').status === 1) {
    onWait();
    flock();
  }
  return { descriptor, release: () => closeSync(descriptor) };
}
