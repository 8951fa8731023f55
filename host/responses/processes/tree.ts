// All that descends from a process, stopped first so that nothing escapes, and then killed from the leaves on: until the last step each one that is
// left is found from the root.

import { RefusalError } from '../action.ts';
import { childrenOf, readStat } from './proc.ts';
import { ProcessHandle } from './process-handle.ts';

/** A tree that grows faster than it is stopped is not waited for. */
const STOP_MS = 3000;
/** File descriptors that a tree may take. */
const MOST = 4096;

/** Why a process may not be touched; undefined: it may, or it has ended. */
export type Protection = (pid: number) => Promise<string | undefined>;

export interface Tree {
  readonly root: ProcessHandle;
  /** Below the root, parents before their children. */
  readonly below: ProcessHandle[];
}

/** The tree as it is; nothing is stopped. Rejects with RefusalError if a process of it is protected. @param signal ends it */
export async function readTree(root: ProcessHandle, protection: Protection, signal?: AbortSignal): Promise<Tree> {
  const tree: Tree = { root, below: [] };
  try {
    await grow(tree, protection, () => signal?.throwIfAborted());
    return tree;
  } catch (error) {
    closeBelow(tree);
    throw error;
  }
}

/**
 * Kills the tree, what it has forked since it was read included. Rejects with the reason if some of it may be left; what was stopped is killed in
 * any case, or goes on.
 */
export async function killTree(tree: Tree, protection: Protection): Promise<void> {
  const { root, below } = tree;
  const until = performance.now() + STOP_MS;
  let isComplete = true;
  try {
    if (!root.signal('SIGSTOP')) throw root.gone();
    for (const each of below) each.signal('SIGSTOP');
    // A pass that finds nobody: all that could fork is stopped.
    while (await grow(tree, protection, (added) => added.signal('SIGSTOP'))) {
      if (performance.now() < until && below.length < MOST) continue;
      isComplete = false;
      break;
    }
  } catch (error) {
    continueTree(tree);
    throw error;
  }
  for (const each of below.toReversed()) each.signal('SIGKILL');
  root.signal('SIGKILL');
  const ended = await Promise.all([root, ...below].map((each) => each.ended()));
  if (!isComplete)
    throw new Error(
      `it forks faster than it can be stopped: ${below.length} descendants were killed, others may remain`,
    );
  if (ended.includes(false))
    throw new Error(
      'a process of the tree is blocked in the kernel (uninterruptible) and will end when the call returns',
    );
}

/** Continues what was stopped. */
export function continueTree({ root, below }: Tree): void {
  for (const each of [root, ...below]) each.signal('SIGCONT');
}

export function closeBelow({ below }: Tree): void {
  for (const each of below) each.close();
}

/** Adds what the tree has forked since. Whether there was any. */
async function grow(
  tree: Tree,
  protection: Protection,
  onAdded: (added: ProcessHandle) => void = () => {},
): Promise<boolean> {
  const { root, below } = tree;
  const before = below.length;
  const known = new Map([root, ...below].map((handle) => [handle.pid, handle]));
  for (let parents = [...known.values()]; parents.length > 0 && below.length < MOST; ) {
    const lists = await Promise.all(parents.map(async (parent) => ({ parent, pids: await childrenOf(parent.pid) })));
    const added: ProcessHandle[] = [];
    for (const { parent, pids } of lists) {
      for (const pid of pids) {
        if (known.has(pid) || below.length >= MOST) continue;
        const child = await openChild(pid, parent);
        if (!child) continue;
        known.set(pid, child);
        below.push(child);
        added.push(child);
        const why = await protection(pid);
        if (why !== undefined) throw new RefusalError('protected', `below it: ${why}`);
        onAdded(child);
      }
    }
    parents = added;
  }
  return below.length > before;
}

/** Undefined if it has ended, or was adopted by another. */
async function openChild(pid: number, parent: ProcessHandle): Promise<ProcessHandle | undefined> {
  const child = ProcessHandle.open(pid);
  if (!child) return undefined;
  const stat = await readStat(pid);
  // Both still have their pids, so that it was them /proc spoke of.
  if (stat?.parent === parent.pid && child.holdsPid && parent.holdsPid) return child;
  child.close();
  return undefined;
}
