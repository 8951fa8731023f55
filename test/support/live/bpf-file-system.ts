// A BPF file system of a test's own.

import { execFileSync } from 'node:child_process';
import { after } from 'node:test';
import { makeDirectory } from '../directory.ts';

/** Where it is mounted, until the tests of the file have ended. */
export function bpfFileSystemForTests(): string {
  const { path, remove } = makeDirectory();
  execFileSync('/usr/bin/busybox', ['mount', '-t', 'bpf', 'bpf', path]);
  after(() => {
    execFileSync('/usr/bin/busybox', ['umount', '-l', path]);
    remove();
  });
  return path;
}
