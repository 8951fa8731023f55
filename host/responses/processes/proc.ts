// What /proc says of a process now. It may end at any moment: what is missing then is undefined.

import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { loadAddon } from '../../capture/addon.ts';
import type { ProcessFacts } from '../rails.ts';

const KERNEL_THREAD = 0x0020_0000;
const CAP_SYS_ADMIN = 21n;
/** The machine's user namespace (PROC_USER_INIT_INO). Anybody has all capabilities in one of their own. */
const FIRST_USER_NAMESPACE = 'user:[4026531837]';

export interface ProcessStat {
  /** The kernel's letter for the state: R, S, D, T, Z, ... */
  readonly state: string;
  readonly parent: number;
  readonly flags: number;
  readonly threads: number;
  /** In ticks since the machine was started. */
  readonly startTicks: string;
}

/** Undefined if there is no such process. */
export async function readStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await read(`/proc/${pid}/stat`);
  // The name, in brackets, may have any characters.
  const members = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state, parent, , , , , flags] = members;
  const threads = members[17];
  const startTicks = members[19];
  if (state === undefined || startTicks === undefined) return undefined;
  return { state, parent: Number(parent), flags: Number(flags), threads: Number(threads), startTicks };
}

/** Whether it has ended, though its parent may not have noticed. If only its first thread has ended, the others still run. */
export function hasEnded(stat: ProcessStat | undefined): boolean {
  return stat === undefined || ((stat.state === 'Z' || stat.state === 'X') && stat.threads <= 1);
}

/** Undefined if it has ended. */
export async function readFacts(pid: number): Promise<ProcessFacts | undefined> {
  const [stat, status, executable, cgroup, userNamespace] = await Promise.all([
    readStat(pid),
    read(`/proc/${pid}/status`),
    readlink(`/proc/${pid}/exe`).catch(() => ''),
    read(`/proc/${pid}/cgroup`),
    readlink(`/proc/${pid}/ns/user`).catch(() => ''),
  ]);
  if (!stat || hasEnded(stat) || status === undefined || cgroup === undefined) return undefined;
  return {
    pid,
    isKernelThread: (stat.flags & KERNEL_THREAD) !== 0,
    executable,
    isInContainer: cgroupPaths(cgroup).some((path) => loadAddon().containerOf(path) !== undefined),
    isPrivileged: userNamespace === FIRST_USER_NAMESPACE && hasSysAdmin(status),
  };
}

/** The path of its executable; empty if it is not known. At once: a thread for each file takes longer, where there are thousands. */
export function readExecutable(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** Whether it has CAP_SYS_ADMIN, in whatever user namespace; not if it has ended. At once, too. */
export function mayAdminister(pid: number): boolean {
  try {
    return hasSysAdmin(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function hasSysAdmin(status: string): boolean {
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return ((capabilities >> CAP_SYS_ADMIN) & 1n) === 1n;
}

/** Its cgroups, one in each hierarchy; undefined if it has ended. */
export async function readCgroups(pid: number): Promise<readonly string[] | undefined> {
  const text = await read(`/proc/${pid}/cgroup`);
  return text === undefined ? undefined : cgroupPaths(text);
}

/** The processes that it has forked or adopted. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => read(`/proc/${pid}/task/${thread}/children`)));
  return lists.flatMap((list = '') => list.split(' ').filter(Boolean).map(Number));
}

function cgroupPaths(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':').slice(2).join(':'));
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
