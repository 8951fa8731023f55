// Freezes and thaws control groups. A frozen process neither runs nor ends, until it is thawed; its connections stay.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ContainerGroups } from './container-groups.ts';

/** Each process freezes when it leaves the kernel: some ms, unless it waits there for a disk, or for a file system that somebody serves. */
const FREEZE_MS = 3000;
const LOOK_AGAIN_MS = 2;

interface Freezer {
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  isFrozen(): Promise<boolean>;
}

/**
 * Resolves when all of the container's processes are frozen, to true; or to false, when some wait for the kernel: these freeze when they leave it,
 * or any process could hold up a pause. Rejects with the reason, having thawed them, if that fails; with ENOENT if the groups are gone.
 */
export async function freeze(groups: ContainerGroups): Promise<boolean> {
  const freezer = freezerOf(groups);
  await writeFile(freezer.file, freezer.frozen);
  try {
    return await waitUntilFrozen(freezer, groups);
  } catch (error) {
    await thaw(groups);
    throw error;
  }
}

async function waitUntilFrozen(freezer: Freezer, groups: ContainerGroups): Promise<boolean> {
  const until = performance.now() + FREEZE_MS;
  while (!(await freezer.isFrozen())) {
    if (performance.now() >= until) return false;
    await pause(LOOK_AGAIN_MS);
    // Version 1 does not freeze what comes in meanwhile until it is asked again.
    if (groups.freezer) await writeFile(freezer.file, freezer.frozen);
  }
  return true;
}

/** Nothing to be done if the groups are gone. */
export async function thaw(groups: ContainerGroups): Promise<void> {
  const freezer = usableFreezer(groups);
  if (freezer) await writeFile(freezer.file, freezer.thawed).catch(ignoreMissing);
}

/** Whether somebody has frozen it, or has begun to. */
export async function isFreezing(groups: ContainerGroups): Promise<boolean> {
  const { freezer, unified } = groups;
  if (freezer) {
    const state = await readFile(join(freezer.folder, 'freezer.self_freezing'), 'utf8').catch(() => '0');
    return state.trim() === '1';
  }
  if (!unified) return false;
  return (await readFile(join(unified.folder, 'cgroup.freeze'), 'utf8').catch(() => '0')).trim() === '1';
}

function freezerOf(groups: ContainerGroups): Freezer {
  const freezer = usableFreezer(groups);
  if (!freezer) throw new Error('the container has no control group that can be frozen');
  return freezer;
}

/** The freezer of cgroup version 1 where there is one: the runtimes of such a machine use it, too. */
function usableFreezer({ freezer, unified }: ContainerGroups): Freezer | undefined {
  if (freezer) {
    const file = join(freezer.folder, 'freezer.state');
    return {
      file,
      frozen: 'FROZEN',
      thawed: 'THAWED',
      isFrozen: async () => (await readFile(file, 'utf8')).trim() === 'FROZEN',
    };
  }
  if (!unified) return undefined;
  return {
    file: join(unified.folder, 'cgroup.freeze'),
    frozen: '1',
    thawed: '0',
    isFrozen: async () => /^frozen 1$/m.test(await readFile(join(unified.folder, 'cgroup.events'), 'utf8')),
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'ENODEV') throw error;
}
