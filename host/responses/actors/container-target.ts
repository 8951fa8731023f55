// The container of a match: its control groups, and whether it may be acted on as a whole.

import { setImmediate } from 'node:timers/promises';
import { type Circumstances, RefusalError, type Target } from '../action.ts';
import { type ContainerGroups, findGroups, processesOf } from '../cgroups/container-groups.ts';
import { mayAdminister, readExecutable, readFacts } from '../processes/proc.ts';
import { isRuntimeProgram, type ProcessFacts, processProtection } from '../rails.ts';
import type { Surroundings } from './surroundings.ts';

/** Read at a time. */
const AT_ONCE = 32;

/** Rejects with RefusalError if it has ended, if it is not known which control group is its own, or if a process in it is protected. */
export async function openContainer(
  { container, pid }: Target,
  surroundings: Surroundings,
  { signal }: Pick<Circumstances, 'signal'>,
): Promise<ContainerGroups> {
  const groups = await findGroups(await surroundings.hierarchies(), container, pid);
  if (!groups.freezer && !groups.unified) throw new RefusalError('gone', 'the container has ended');
  await refuseProtected(groups, surroundings, signal);
  return groups;
}

/** Rejects with RefusalError if a process in it is protected. */
export async function refuseProtected(
  { freezer, unified }: ContainerGroups,
  { own, never }: Pick<Surroundings, 'own' | 'never'>,
  signal?: AbortSignal,
): Promise<void> {
  const lists = await Promise.all([freezer, unified].map((group) => (group ? processesOf(group.folder) : [])));
  const pids = [...new Set(lists.flat())];
  for (let first = 0; first < pids.length; first += AT_ONCE) {
    if (first > 0) await setImmediate(); // others go on, and the time is looked at
    signal?.throwIfAborted();
    const facts = await Promise.all(pids.slice(first, first + AT_ONCE).map((pid) => factsToCheck(pid, own)));
    for (const each of facts) {
      const protection = each && processProtection(each, never(), own);
      if (protection !== undefined) throw new RefusalError('protected', `in the container: ${protection}`);
    }
  }
}

/**
 * Undefined for a process in a container that is surely not protected, by its pid, its program and its capabilities alone: of thousands that
 * somebody has started, so as to take up the time, no more is read.
 */
async function factsToCheck(pid: number, own: Surroundings['own']): Promise<ProcessFacts | undefined> {
  const executable = readExecutable(pid);
  const isChecked =
    pid === own.pid || pid === 1 || executable === '' || (isRuntimeProgram(executable) && mayAdminister(pid));
  return isChecked ? await readFacts(pid) : undefined;
}

/** `container db (0123456789ab)`. */
export function describeContainer({ container, containerName }: Pick<Target, 'container' | 'containerName'>): string {
  const short = /^[0-9a-f]{64}$/.test(container) ? container.slice(0, 12) : container;
  return containerName === '' || containerName === short
    ? `container ${short}`
    : `container ${containerName} (${short})`;
}
