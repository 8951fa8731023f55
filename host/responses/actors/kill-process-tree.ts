// kill_process_tree: the process that matched, and all that descends from it.

import { stat } from 'node:fs/promises';
import type { JsonObject } from '../../diagnostics/json-value.ts';
import { type Actor, type Circumstances, type Deed, RefusalError, type Target } from '../action.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import { readFacts, readStat } from '../processes/proc.ts';
import { ProcessHandle } from '../processes/process-handle.ts';
import { closeBelow, continueTree, killTree, type Protection, readTree, type Tree } from '../processes/tree.ts';
import { processProtection } from '../rails.ts';
import type { Response } from '../settings.ts';
import { describeProcess, openTarget } from './kill-process.ts';
import type { Surroundings } from './surroundings.ts';

export class KillProcessTree implements Actor {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async prepare(_: Response, target: Target, { signal }: Pick<Circumstances, 'signal'>): Promise<Deed> {
    const root = await openTarget(target, this.#surroundings);
    let tree: Tree;
    let kept: JsonObject;
    try {
      tree = await readTree(root, this.#protection, signal);
      kept = await keptRoot(root);
    } catch (error) {
      root.close();
      throw error;
    }
    const what = `${describeProcess(target)} and ${tree.below.length} below it`;
    return {
      what: `kill ${what}`,
      done: `killed ${what}`,
      kept,
      staysInForce: false,
      perform: () => killTree(tree, this.#protection),
      close() {
        closeBelow(tree);
        root.close();
      },
    };
  }

  /**
   * The root is killed last: as long as it is there, so is the rest, stopped. Rejects with RefusalError if it runs another program by now: then
   * nothing of it had been stopped.
   */
  async finish({ kept }: LedgerEntry): Promise<boolean> {
    await this.#withTree(kept, this.#protection, async (tree) => {
      const { pid } = tree.root;
      if ((await programOf(pid)) !== kept.program) throw tree.root.gone();
      const protection = await this.#protection(pid);
      if (protection !== undefined) throw new RefusalError('protected', protection);
      await killTree(tree, this.#protection);
    });
    return false;
  }

  /** What was stopped, so as to be killed, goes on. */
  async abandon({ kept }: LedgerEntry): Promise<void> {
    const anybody: Protection = async () => undefined;
    await this.#withTree(kept, anybody, async (tree) => continueTree(tree));
  }

  /** Nothing to be done if the root has ended. */
  async #withTree(kept: JsonObject, protection: Protection, work: (tree: Tree) => Promise<void>): Promise<void> {
    const root = await openKept(kept);
    if (!root) return;
    try {
      const tree = await readTree(root, protection);
      try {
        await work(tree);
      } finally {
        closeBelow(tree);
      }
    } finally {
      root.close();
    }
  }

  readonly #protection: Protection = async (pid) => {
    const { never, own } = this.#surroundings;
    const facts = await readFacts(pid);
    return facts && processProtection(facts, never(), own);
  };
}

async function keptRoot(root: ProcessHandle): Promise<JsonObject> {
  const [facts, program] = await Promise.all([readStat(root.pid), programOf(root.pid)]);
  if (!facts || !root.isSame) throw root.gone();
  return { pid: root.pid, startTicks: facts.startTicks, program };
}

/** What is the same as long as it runs one program; empty if it is not known. */
async function programOf(pid: number): Promise<string> {
  const file = await stat(`/proc/${pid}/exe`, { bigint: true }).catch(() => undefined);
  return file ? `${file.dev}:${file.ino}` : '';
}

async function openKept({ pid, startTicks }: JsonObject): Promise<ProcessHandle | undefined> {
  const root = ProcessHandle.open(Number(pid));
  if (!root) return undefined;
  const facts = await readStat(root.pid);
  if (facts?.startTicks === startTicks && root.holdsPid) return root;
  root.close();
  return undefined;
}
