// pause_container: its control group is frozen. Processes and connections stay as they are until it is resumed; what others wait for, they wait for.

import { type Actor, type Circumstances, type Deed, RefusalError, type Target } from '../action.ts';
import { keptGroups, processesOf, sameGroups } from '../cgroups/container-groups.ts';
import { freeze, isFreezing, thaw } from '../cgroups/freezer.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';
import { describeContainer, openContainer, refuseProtected } from './container-target.ts';
import type { Surroundings } from './surroundings.ts';

export class PauseContainer implements Actor {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async prepare(_: Response, target: Target, circumstances: Circumstances): Promise<Deed> {
    const groups = await openContainer(target, this.#surroundings, circumstances);
    if (await isFreezing(groups))
      throw new RefusalError('already', 'the container is paused, by its runtime or by somebody');
    const what = describeContainer(target);
    let rest = '';
    return {
      what: `pause ${what}`,
      get done() {
        return `paused ${what}${rest}`;
      },
      kept: keptGroups(groups),
      staysInForce: true,
      perform: async () => {
        if (!(await freeze(groups)))
          rest = '; a process in it that is blocked in the kernel stops when its call returns';
      },
    };
  }

  /** It is paused as it was to be, if the container is still there. */
  async finish({ kept }: LedgerEntry): Promise<boolean> {
    const groups = await sameGroups(kept);
    if (!groups.freezer && !groups.unified) return false;
    await refuseProtected(groups, this.#surroundings);
    await freeze(groups);
    return true;
  }

  async isOver({ kept }: LedgerEntry): Promise<boolean> {
    const { freezer, unified } = await sameGroups(kept);
    const lists = [freezer, unified].map(async (group) => (group ? await processesOf(group.folder) : []));
    return (await Promise.all(lists)).flat().length === 0;
  }

  async undo({ kept }: LedgerEntry): Promise<void> {
    await thaw(await sameGroups(kept));
  }
}
