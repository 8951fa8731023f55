// Where the sockets of container runtimes with a CRI are: containerd's, CRI-O's, those of k3s.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const USUAL_SOCKETS: readonly string[] = [
  '/run/containerd/containerd.sock',
  '/run/host-containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/k3s/containerd/containerd.sock',
];

/** `hostRoot`: where the host's files are, for an agent in a container; its own paths are looked at too. */
export function usualSockets(hostRoot: string): readonly string[] {
  return hostRoot === '' ? USUAL_SOCKETS : [...USUAL_SOCKETS.map((path) => join(hostRoot, path)), ...USUAL_SOCKETS];
}

/** Those that are there. */
export function presentSockets(sockets: readonly string[]): readonly string[] {
  return sockets.filter((path) => existsSync(path));
}
