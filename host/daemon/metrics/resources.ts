// CPU and memory of this process and of the machine, from /proc.

import { readFileSync } from 'node:fs';
import { KILOBYTE } from '../../diagnostics/numbers.ts';

export interface Resources {
  /** CPU time since the start over time since the start, 1 for a whole CPU. */
  readonly cpuRatio: number;
  readonly rssBytes: number;
  /** Undefined if the kernel does not report it. */
  readonly vszBytes: number | undefined;
  readonly pssBytes: number | undefined;
  readonly containerBytes: number | undefined;
  readonly hostCpuRatio: number | undefined;
  readonly hostMemoryBytes: number | undefined;
  readonly hostRunning: number | undefined;
  readonly hostOpenFiles: number | undefined;
}

const CGROUP_FILES = ['/sys/fs/cgroup/memory.current', '/sys/fs/cgroup/memory/memory.usage_in_bytes'];

export function readResources(): Resources {
  const { user, system } = process.cpuUsage();
  const stat = read('/proc/stat') ?? '';
  const memory = read('/proc/meminfo') ?? '';
  const inUse = ['MemFree', 'Buffers', 'Cached'].reduce<number | undefined>(
    (left, name) => {
      const part = kilobytes(memory, name);
      return left === undefined || part === undefined ? undefined : left - part;
    },
    kilobytes(memory, 'MemTotal'),
  );
  return {
    cpuRatio: (user + system) / 1e6 / process.uptime(),
    rssBytes: process.memoryUsage.rss(),
    vszBytes: kilobytes(read('/proc/self/status') ?? '', 'VmSize'),
    pssBytes: kilobytes(read('/proc/self/smaps_rollup') ?? '', 'Pss'),
    containerBytes: containerMemory(),
    hostCpuRatio: cpuRatio(stat),
    hostMemoryBytes: inUse,
    hostRunning: firstNumber(/^procs_running (.*)$/m.exec(stat)?.[1]),
    hostOpenFiles: firstNumber(read('/proc/sys/fs/file-nr')),
  };
}

/** FALCO_CGROUP_MEM_PATH names the file, as it does for Falco. */
function containerMemory(): number | undefined {
  const named = process.env.FALCO_CGROUP_MEM_PATH;
  for (const path of named ? [named] : CGROUP_FILES) {
    const bytes = firstNumber(read(path));
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** Busy time of all CPUs since the machine's start: neither idle nor waiting for a device. */
function cpuRatio(stat: string): number | undefined {
  const all = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number);
  if (!all || all.length < 5) return undefined;
  // Guests are counted as user time already.
  const total = all.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  return total === 0 ? undefined : (total - (all[3] ?? 0) - (all[4] ?? 0)) / total;
}

function kilobytes(text: string, name: string): number | undefined {
  return times(firstNumber(new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(text)?.[1]), KILOBYTE);
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function firstNumber(text: string | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
