// What the running kernel can do, asked of the kernel itself.

import { existsSync, readlinkSync } from 'node:fs';
import { act } from './live-act.ts';
import { errno } from './live-numbers.ts';

/** What a kernel says to a module that is none: one that was built without modules has no such calls, which are seen all the same. */
export const NO_MODULE = existsSync('/proc/modules') ? 'ENOEXEC' : 'ENOSYS';

/**
 * Whether the process numbers that this process sees are those of the root namespace (PROC_PID_INIT_INO). The agent finds
 * the files of a container by such a number in /proc, so that users of containers have names only then.
 */
export const IN_ROOT_PIDS = readlinkSync('/proc/self/ns/pid') === `pid:[${0xeffffffc}]`;

/** Why a test of requests of io_uring for bind and listen is skipped: kernels before 6.11 have none. Undefined where they are known. */
export async function lackingRingBind(): Promise<string | undefined> {
  // A request for a file that is not open fails for that, one that the kernel does not know for its number.
  const [call] = await act([['ring:bind', 99, 'in:127.0.0.1:0', 'len']]);
  return call?.result === -errno('EINVAL')
    ? 'the kernel has no request of io_uring for bind (IORING_OP_BIND)'
    : undefined;
}
