// Paths of the sockets of container runtimes with CRI: containerd, CRI-O, k3s.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const USUAL_SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/host-containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
];

/** `hostRoot`: mount point of the host's files, for an agent in a container; its own paths are tried too. */
export function usualSockets(hostRoot: string): readonly string[] {
  return hostRoot === '' ? USUAL_SOCKETS : [...USUAL_SOCKETS.map((path) => join(hostRoot, path)), ...USUAL_SOCKETS];
}

/** The existing ones. */
export function presentSockets(sockets: readonly string[]): readonly string[] {
  return sockets.filter((path) => existsSync(path));
}
