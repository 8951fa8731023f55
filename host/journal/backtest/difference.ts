// What two sets of rules do differently on the same events, by rule. Matches of both are paired as they come; what has found no partner after a
// while is a difference. So only matches of the last moments are remembered.

import { type Share, Shares } from './figures.ts';
import type { ComparedAlert } from './origin.ts';

/** In recorded time. Events of new containers wait for two seconds at most, in each set by itself. */
const PATIENCE_MS = 10_000;
/** Unpaired matches of a rule that are kept. What is beyond is settled early. */
const MOST_UNPAIRED = 100_000;

export type Side = 'tried' | 'compared';

/** Alerts of one side that the other does not have. */
export interface OneSided {
  readonly alerts: number;
  /** Numbers by program and place: `cat in web`. */
  readonly origins: readonly Share[];
}

export interface RuleDifference {
  readonly rule: string;
  /** The alerts of both sides. */
  readonly tried: number;
  readonly compared: number;
  /** Alerts that only the tried rules raise. */
  readonly added: OneSided;
  /** Alerts that only the rules compared with raise. */
  readonly removed: OneSided;
}

interface Unpaired {
  readonly side: Side;
  readonly origin: string;
  readonly since: number;
}

class RulePairs {
  readonly counts: Record<Side, number> = { tried: 0, compared: 0 };
  readonly unpaired = new Map<string, Unpaired>();
  readonly alone: Record<Side, number> = { tried: 0, compared: 0 };
  readonly origins: Record<Side, Shares> = { tried: new Shares(), compared: new Shares() };

  settle(key: string, { side, origin }: Unpaired): void {
    this.unpaired.delete(key);
    this.alone[side]++;
    this.origins[side].add(origin);
  }
}

export class Difference {
  readonly #rules = new Map<string, RulePairs>();
  #now = 0;
  #part = 0;

  /** The rules of both sets are known by their names. */
  add(side: Side, { rule, event: key, origin }: ComparedAlert): void {
    const pairs = this.#rules.get(rule) ?? new RulePairs();
    this.#rules.set(rule, pairs);
    pairs.counts[side]++;
    const partner = pairs.unpaired.get(key);
    if (partner && partner.side !== side) {
      pairs.unpaired.delete(key);
      return;
    }
    pairs.unpaired.set(key, { side, origin, since: this.#now });
    const [oldest] = pairs.unpaired.size > MOST_UNPAIRED ? pairs.unpaired : [];
    if (oldest) pairs.settle(...oldest);
  }

  /**
   * The evaluation has come to this recorded time of a part of the history.
   * @param part its number: the alerts of others before it are all there
   */
  advance(part: number, milliseconds: number): void {
    const limit = part === this.#part ? milliseconds - PATIENCE_MS : Number.POSITIVE_INFINITY;
    this.#part = part;
    this.#now = milliseconds;
    this.#settleBefore(limit);
  }

  /** All rules with a match, by name. After the last one. */
  end(): RuleDifference[] {
    this.#settleBefore(Number.POSITIVE_INFINITY);
    return [...this.#rules].map(([rule, { counts, alone, origins }]) => ({
      rule,
      ...counts,
      added: { alerts: alone.tried, origins: origins.tried.list },
      removed: { alerts: alone.compared, origins: origins.compared.list },
    }));
  }

  #settleBefore(limit: number): void {
    for (const pairs of this.#rules.values()) {
      for (const [key, unpaired] of pairs.unpaired) {
        // They are in the order in which they came.
        if (unpaired.since >= limit) break;
        pairs.settle(key, unpaired);
      }
    }
  }
}
