// Linux constants for system calls, the same on x86-64 and arm64 unless they come from node.

import { constants } from 'node:fs';
import { constants as system } from 'node:os';

export const AT_FDCWD = -100;
export const AT_EMPTY_PATH = 0x1000;

/** Flags of open(2). */
export const O = {
  RDONLY: constants.O_RDONLY,
  WRONLY: constants.O_WRONLY,
  RDWR: constants.O_RDWR,
  CREAT: constants.O_CREAT,
  EXCL: constants.O_EXCL,
  TRUNC: constants.O_TRUNC,
  APPEND: constants.O_APPEND,
  NONBLOCK: constants.O_NONBLOCK,
  DIRECTORY: constants.O_DIRECTORY,
  CLOEXEC: 0x80000,
  TMPFILE: 0x400000 | constants.O_DIRECTORY,
  PATH: 0x200000,
} as const;

export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWUTS = 0x4000000;
export const CLONE_NEWPID = 0x20000000;
export const SIGCHLD = system.signals.SIGCHLD;

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;

/** Number of an error, positive. */
export function errno(name: keyof typeof system.errno): number {
  return system.errno[name];
}
