// stop_container: by its runtime, which signals its first process and kills what is left after the grace.

import type { RuntimePlaces } from '../../metadata/directory/runtime-places.ts';
import type { Actor, Circumstances, Deed, Target } from '../action.ts';
import { keptGroups, sameGroups } from '../cgroups/container-groups.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';
import { describeContainer, openContainer, refuseProtected } from './container-target.ts';
import type { Surroundings } from './surroundings.ts';

export class StopContainer implements Actor {
  readonly #surroundings: Surroundings;
  readonly #places: RuntimePlaces;
  /** For its grace. */
  readonly runsBeside = true;

  constructor(surroundings: Surroundings, places: RuntimePlaces) {
    this.#surroundings = surroundings;
    this.#places = places;
  }

  async prepare({ graceMs }: Response, target: Target, circumstances: Circumstances): Promise<Deed> {
    const groups = await openContainer(target, this.#surroundings, circumstances);
    const what = describeContainer(target);
    return {
      what: `stop ${what}`,
      done: `stopped ${what}`,
      kept: { ...keptGroups(groups), ...(graceMs !== undefined && { graceMs }) },
      staysInForce: false,
      perform: () => this.#stop(target.container, graceMs),
    };
  }

  /** A runtime may give up when the one who asked is gone. */
  async finish({ container, kept }: LedgerEntry): Promise<boolean> {
    const groups = await sameGroups(kept);
    if (!groups.freezer && !groups.unified) return false;
    await refuseProtected(groups, this.#surroundings);
    await this.#stop(container, typeof kept.graceMs === 'number' ? kept.graceMs : undefined);
    return false;
  }

  async #stop(container: string, graceMs: number | undefined): Promise<void> {
    // gRPC takes 15 MB: it is loaded when the first container is stopped.
    const { stopContainer } = await import('../../metadata/directory/stop-container.ts');
    const runtime = await stopContainer(this.#places, container, graceMs);
    if (runtime === undefined) throw new Error('no runtime of this machine knows it, or none can stop containers');
  }
}
