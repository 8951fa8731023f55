// What the running kernel can do, asked of the kernel itself.

import { existsSync, readlinkSync } from 'node:fs';

/** What a kernel says to a module that is none: one that was built without modules has no such calls, which are seen all the same. */
export const NO_MODULE = existsSync('/proc/modules') ? 'ENOEXEC' : 'ENOSYS';

/**
 * Whether the process numbers that this process sees are those of the root namespace (PROC_PID_INIT_INO). The agent finds
 * the files of a container by such a number in /proc, so that users of containers have names only then.
 */
export const IN_ROOT_PIDS = readlinkSync('/proc/self/ns/pid') === `pid:[${0xeffffffc}]`;
