// What the running kernel can do, asked of the kernel itself.

import { existsSync } from 'node:fs';

const TRACEFS = '/sys/kernel/tracing/events/syscalls';

/** Whether the kernel knows that call: one built without modules has neither init_module nor its tracepoint. */
export function hasSyscallEvents(name: string): boolean {
  return existsSync(`${TRACEFS}/sys_exit_${name}`);
}
