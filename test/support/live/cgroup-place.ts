// Where live tests make control groups of their own.

import { existsSync } from 'node:fs';

/** The hierarchy of which the agent reads a process's path, as the kernel has it mounted. */
export const CGROUPS =
  ['pids', 'unified'].map((name) => `/sys/fs/cgroup/${name}`).find((path) => existsSync(`${path}/cgroup.procs`)) ??
  '/sys/fs/cgroup';
