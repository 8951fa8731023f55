// What the running kernel can do, asked of the kernel itself.

import { existsSync, readlinkSync } from 'node:fs';

const TRACEFS = '/sys/kernel/tracing/events/syscalls';

/** Whether the kernel knows that call: one built without modules has neither init_module nor its tracepoint. */
export function hasSyscallEvents(name: string): boolean {
  return existsSync(`${TRACEFS}/sys_exit_${name}`);
}

/**
 * Whether the process numbers that this process sees are those of the root namespace (PROC_PID_INIT_INO). The agent finds
 * the files of a container by such a number in /proc, so that users of containers have names only then.
 */
export const IN_ROOT_PIDS = readlinkSync('/proc/self/ns/pid') === `pid:[${0xeffffffc}]`;
