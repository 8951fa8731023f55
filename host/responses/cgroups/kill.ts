// Kills all processes of a container, forks and all.

import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readCgroups } from '../processes/proc.ts';
import { ProcessHandle } from '../processes/process-handle.ts';
import { type ContainerGroups, type Group, outermost, processesOf } from './container-groups.ts';
import { freeze, thaw } from './freezer.ts';

/** Until all have ended: at once, unless one waits for a disk. */
const END_MS = 5000;
const LOOK_AGAIN_MS = 2;
/** Opened at a time. */
const AT_ONCE = 64;

/** Resolves when none is left. May be called again. Rejects with the reason why some are. */
export async function killAll(groups: ContainerGroups, container: string): Promise<void> {
  const { freezer, unified } = groups;
  try {
    // The kernel itself kills all of a group, and what it forks meanwhile (since 5.14).
    if (unified) await killByKernel(unified);
    if (freezer && (await processesOf(freezer.folder)).length > 0) await killFrozen(freezer, container);
  } finally {
    // One that was frozen before, too: a frozen process of version 1 does not end.
    await thaw(groups);
  }
  const until = performance.now() + END_MS;
  for (;;) {
    const left = (
      await Promise.all([freezer, unified].map((group) => (group ? processesOf(group.folder) : [])))
    ).flat();
    if (left.length === 0) return;
    if (performance.now() >= until) throw new Error(`process ${left[0]} has not ended after ${END_MS / 1000} s`);
    await pause(LOOK_AGAIN_MS);
    // One may have been put in from outside meanwhile, by `docker exec` for example.
    await killEach(left, container);
  }
}

async function killByKernel({ folder }: Group): Promise<void> {
  const file = join(folder, 'cgroup.kill');
  try {
    await access(file);
  } catch {
    return;
  }
  await writeFile(file, '1').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENODEV') throw error;
  });
}

/** Frozen, they do not fork, and none escapes. If they can't be frozen, they are killed as they are. */
async function killFrozen(freezer: Group, container: string): Promise<void> {
  await freeze({ freezer }).catch(() => {});
  await killEach(await processesOf(freezer.folder), container);
}

/** Only those that are in the container: a pid may have been given again. */
async function killEach(pids: readonly number[], container: string): Promise<void> {
  for (let first = 0; first < pids.length; first += AT_ONCE) {
    await Promise.all(pids.slice(first, first + AT_ONCE).map((pid) => killIn(pid, container)));
  }
}

async function killIn(pid: number, container: string): Promise<void> {
  const handle = ProcessHandle.open(pid);
  if (!handle) return;
  try {
    const cgroups = await readCgroups(pid);
    if (cgroups?.some((path) => outermost(path, container) !== undefined)) handle.signal('SIGKILL');
  } finally {
    handle.close();
  }
}
