// kill_process: the process that matched, as long as it runs the program that matched.

import { type Actor, type Deed, RefusalError, type Target } from '../action.ts';
import { readFacts, readStat } from '../processes/proc.ts';
import { ProcessHandle } from '../processes/process-handle.ts';
import { processProtection } from '../rails.ts';
import type { Response } from '../settings.ts';
import type { Surroundings } from './surroundings.ts';

/** How many ancestors are looked at for the agent. */
const MOST_ANCESTORS = 64;

export class KillProcess implements Actor {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async prepare(_: Response, target: Target): Promise<Deed> {
    const handle = await openTarget(target, this.#surroundings);
    const what = describeProcess(target);
    return {
      what: `kill ${what}`,
      done: `killed ${what}`,
      kept: undefined,
      staysInForce: false,
      async perform() {
        if (!handle.signal('SIGKILL')) throw handle.gone();
        if (!(await handle.ended()))
          throw new Error('it is blocked in the kernel (uninterruptible) and will end when the call returns');
      },
      close: () => handle.close(),
    };
  }
}

/** The process of a match, which may be acted on. Rejects with RefusalError. */
export async function openTarget({ pid, execTime }: Target, surroundings: Surroundings): Promise<ProcessHandle> {
  const handle = ProcessHandle.ofProgram(pid, execTime, surroundings.execTime);
  try {
    const facts = await readFacts(pid);
    // /proc may speak of somebody else by then.
    if (!facts || !handle.isSame) throw new RefusalError('gone', `process ${pid} has ended`);
    const protection = processProtection(facts, surroundings.never(), surroundings.own);
    if (protection !== undefined) throw new RefusalError('protected', protection);
    if (await descendsFrom(pid, surroundings.own.pid)) {
      throw new RefusalError('protected', `process ${pid} is one of the agent's own`);
    }
    return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
}

export function describeProcess({ pid, executable }: Target): string {
  return `process ${pid}${executable === '' ? '' : ` (${executable})`}`;
}

async function descendsFrom(pid: number, ancestor: number): Promise<boolean> {
  let current = pid;
  for (let hop = 0; hop < MOST_ANCESTORS && current > 1; hop++) {
    const stat = await readStat(current);
    if (!stat) return false;
    if (stat.parent === ancestor) return true;
    current = stat.parent;
  }
  return false;
}
