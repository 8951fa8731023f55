// The machine's own BPF file system, where agents look for it.

import { execFileSync } from 'node:child_process';
import { BPF_FS, isBpfFileSystem } from '../../../host/responses/isolation/isolations.ts';

/** Mounts it where the machine has none. Returns what takes that away again. */
export function mountBpfFileSystem(): () => void {
  if (isBpfFileSystem(BPF_FS)) return () => {};
  execFileSync('/usr/bin/busybox', ['mount', '-t', 'bpf', 'bpf', BPF_FS]);
  return () => execFileSync('/usr/bin/busybox', ['umount', BPF_FS]);
}
