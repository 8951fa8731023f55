// kill_container: all processes of its control group. Its runtime and the kubelet see them end, and do what they do then.

import type { Actor, Deed, Target } from '../action.ts';
import { keptGroups, sameGroups } from '../cgroups/container-groups.ts';
import { killAll } from '../cgroups/kill.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';
import { describeContainer, openContainer } from './container-target.ts';
import type { Surroundings } from './surroundings.ts';

export class KillContainer implements Actor {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async prepare(_: Response, target: Target): Promise<Deed> {
    const groups = await openContainer(target, this.#surroundings);
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
    await killAll(await sameGroups(kept), container);
    return false;
  }
}
