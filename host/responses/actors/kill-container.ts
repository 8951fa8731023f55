// kill_container: all processes of its control group. Its runtime and the kubelet see them end, and do what they do then.

import type { Actor, Circumstances, Deed, Target } from '../action.ts';
import { keptGroups, sameGroups } from '../cgroups/container-groups.ts';
import { thaw } from '../cgroups/freezer.ts';
import { killAll } from '../cgroups/kill.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';
import { describeContainer, openContainer, refuseProtected } from './container-target.ts';
import type { Surroundings } from './surroundings.ts';

export class KillContainer implements Actor {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async prepare(_: Response, target: Target, circumstances: Circumstances): Promise<Deed> {
    const groups = await openContainer(target, this.#surroundings, circumstances);
    const what = describeContainer(target);
    return {
      what: `kill ${what}`,
      done: `killed ${what}`,
      kept: keptGroups(groups),
      staysInForce: false,
      perform: () => killAll(groups, target.container),
    };
  }

  async finish({ kept, container }: LedgerEntry): Promise<boolean> {
    const groups = await sameGroups(kept);
    await refuseProtected(groups, this.#surroundings);
    await killAll(groups, container);
    return false;
  }

  /** It may have been frozen, so as to be killed. */
  async abandon({ kept, container }: LedgerEntry, others: readonly LedgerEntry[]): Promise<void> {
    const isPaused = others.some((other) => other.container === container && other.action === 'pause_container');
    if (!isPaused) await thaw(await sameGroups(kept));
  }
}
