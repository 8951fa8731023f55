// isolate_container: programs on its control group let it reach what `allow` names, and nothing else, until that is undone.

import { readFile } from 'node:fs/promises';
import { loadAddon } from '../../capture/addon.ts';
import { type Actor, type Circumstances, type Deed, RefusalError, type Target } from '../action.ts';
import { type Group, keptGroups, processesOf, sameGroups } from '../cgroups/container-groups.ts';
import { Isolations } from '../isolation/isolations.ts';
import { networksOf } from '../isolation/named-networks.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import type { Response } from '../settings.ts';
import { describeContainer, openContainer, refuseProtected } from './container-target.ts';
import type { Surroundings } from './surroundings.ts';

const CAP_NET_RAW = 13n;

export class IsolateContainer implements Actor {
  readonly #surroundings: Surroundings;
  readonly #apiServer: URL | undefined;
  readonly #isolations: Isolations;

  /** @param apiServer what `allow: [kubernetes]` stands for */
  constructor(surroundings: Surroundings, apiServer: URL | undefined, isolations = new Isolations()) {
    this.#surroundings = surroundings;
    this.#apiServer = apiServer;
    this.#isolations = isolations;
  }

  async prepare({ allow = [] }: Response, target: Target, circumstances: Circumstances): Promise<Deed> {
    const groups = await openContainer(target, this.#surroundings, circumstances);
    const group = unifiedOf(groups);
    if (this.#isolations.has(target.container)) throw new RefusalError('already', 'the container is isolated');
    // Looked up only now: an address may have changed since the start.
    const networks = await networksOf(allow, this.#apiServer);
    const what = describeContainer(target);
    const rest = allow.length === 0 ? '' : `; it still reaches ${allow.join(', ')}`;
    return {
      what: `isolate ${what}${rest}`,
      done: `isolated ${what}${rest}${await packetSockets(group)}`,
      kept: { ...keptGroups(groups), allow },
      staysInForce: true,
      perform: () => this.#isolations.isolate(loadAddon(), target.container, group.folder, networks),
    };
  }

  /** It is isolated as it was to be, if the container is still there. */
  async finish({ container, kept }: LedgerEntry): Promise<boolean> {
    const groups = await sameGroups(kept);
    if (!groups.unified) {
      this.#isolations.lift(container);
      return false;
    }
    if (this.#isolations.has(container)) return true;
    await refuseProtected(groups, this.#surroundings);
    const allow = Array.isArray(kept.allow) ? kept.allow.map(String) : [];
    const networks = await networksOf(allow, this.#apiServer);
    await this.#isolations.isolate(loadAddon(), container, groups.unified.folder, networks);
    return true;
  }

  /** The kernel has detached the programs of a group that is gone; their files are left, and removed. */
  async isOver({ container, kept }: LedgerEntry): Promise<boolean> {
    const { unified } = await sameGroups(kept);
    if (unified && (await processesOf(unified.folder)).length > 0) return false;
    this.#isolations.lift(container);
    return true;
  }

  async undoOthers(entries: readonly LedgerEntry[]): Promise<void> {
    this.#isolations.removeHalf();
    const known = new Set(
      entries.filter(({ action }) => action === 'isolate_container').map(({ container }) => container),
    );
    for (const container of this.#isolations.list()) if (!known.has(container)) this.#isolations.lift(container);
  }

  async undo({ container }: LedgerEntry): Promise<void> {
    this.#isolations.lift(container);
  }
}

/** Programs can be attached to groups of version 2 alone. @throws {RefusalError} */
function unifiedOf({ unified }: { readonly unified?: Group }): Group {
  if (unified) return unified;
  const why =
    'it has no control group of version 2, to which alone programs can be attached: its runtime uses version 1';
  throw new RefusalError('no-target', why);
}

/** AF_PACKET goes by no program of a control group. */
async function packetSockets({ folder }: Group): Promise<string> {
  const [first] = await processesOf(folder);
  const status = await readFile(`/proc/${first}/status`, 'utf8').catch(() => '');
  const [, bounding = '0'] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  const mayOpen = ((BigInt(`0x${bounding}`) >> CAP_NET_RAW) & 1n) === 1n;
  return mayOpen ? '; root in it can still send by packet sockets (CAP_NET_RAW)' : '';
}
