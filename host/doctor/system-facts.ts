// Facts about this machine and this process that decide what works in an agent. Unreadable ones are undefined, which is common in a container, or for
// another user than root.

import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { TRACE_FOLDERS } from '../schema/trace-events.ts';
import { gatherMachineFacts, type MachineFacts } from '../setup/machine.mjs';
import { serviceCapabilities } from './service-capabilities.ts';

export interface SystemFacts {
  readonly machine: MachineFacts;
  /** The mode in brackets of /sys/kernel/security/lockdown. */
  readonly lockdown: string | undefined;
  /** The active ones, in their order. */
  readonly securityModules: readonly string[] | undefined;
  readonly cgroups: CgroupMounts;
  /** Whether trace events are where the capture looks for them: tracefs mounted elsewhere does not do. */
  readonly tracefs: boolean;
  /** Available bytes of memory: of the machine, or of this process's cgroup if that is less. */
  readonly availableMemory: number;
  /** The sysctls net.core.bpf_jit_enable, kernel.unprivileged_bpf_disabled and kernel.perf_event_paranoid. */
  readonly bpfJit: string | undefined;
  readonly unprivilegedBpfDisabled: string | undefined;
  readonly perfEventParanoid: string | undefined;
  /** What the service of the package may have; undefined: there is none. */
  readonly serviceCapabilities: ReadonlySet<string> | undefined;
  readonly initialPidNamespace: boolean;
}

export interface CgroupMounts {
  readonly v2: boolean;
  /** Whether there is a hierarchy of version 1 with a controller, not only systemd's. */
  readonly v1: boolean;
}

/** Inode of the initial process namespace, fixed in the kernel (PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

export function gatherSystemFacts(): SystemFacts {
  const mounts = parseMounts(readText('/proc/self/mountinfo') ?? '');
  return {
    machine: gatherMachineFacts(),
    lockdown: /\[(\w+)\]/.exec(readText('/sys/kernel/security/lockdown') ?? '')?.[1],
    securityModules: readText('/sys/kernel/security/lsm')?.trim().split(','),
    cgroups: cgroupMounts(mounts),
    tracefs: hasTraceEvents(),
    availableMemory: process.availableMemory(),
    bpfJit: readText('/proc/sys/net/core/bpf_jit_enable')?.trim(),
    unprivilegedBpfDisabled: readText('/proc/sys/kernel/unprivileged_bpf_disabled')?.trim(),
    perfEventParanoid: readText('/proc/sys/kernel/perf_event_paranoid')?.trim(),
    serviceCapabilities: serviceCapabilities(),
    initialPidNamespace: readLink('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE,
  };
}

/** @param folders where tracefs is usually mounted */
export function hasTraceEvents(folders: readonly string[] = TRACE_FOLDERS): boolean {
  return folders.some((folder) => existsSync(`${folder}/events/raw_syscalls`));
}

interface Mount {
  readonly type: string;
  readonly options: readonly string[];
}

/** Lines of /proc/PID/mountinfo: proc_pid_mountinfo(5). */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [, after] = line.split(' - ');
    const [type, , options = ''] = after?.split(' ') ?? [];
    return type === undefined ? [] : [{ type, options: options.split(',') }];
  });
}

export function cgroupMounts(mounts: readonly Mount[]): CgroupMounts {
  return {
    v2: mounts.some(({ type }) => type === 'cgroup2'),
    v1: mounts.some(({ type, options }) => type === 'cgroup' && !options.some((option) => option.startsWith('name='))),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
