// Chooses which conditions are looked up by a text that they need, and by which text.

import { all, type Condition, conjunctsOf } from '../ir/condition.ts';
import type { Scope } from '../ir/text.ts';
import type { Value } from '../ir/value.ts';
import { type TextNeed, textKey, textNeeds, undecided } from './text-need.ts';
import { buildTrie, type TrieEntry, type TrieNode, unsuitable } from './trie.ts';

/** A text, with the members and the constants that they need. */
export interface TextIndex {
  readonly value: Value;
  readonly scope: Scope;
  /** The constants are looked for anywhere in the text; otherwise at its beginning. */
  readonly anywhere: boolean;
  readonly trie: TrieNode;
  /** Conditions by their number, which can't be true of a text that doesn't find them: what is left to test where they are found. */
  readonly members: ReadonlyMap<number, Condition>;
}

/** Fewer conditions are evaluated one by one: a lookup costs as much as a few comparisons. */
const LEAST_MEMBERS = 6;

/** A constant that this fraction of all conditions needs does not distinguish them. */
const CROWD = 1 / 16;

/** How many of so many conditions must share a need for it to be tested once for all instead of looked up. */
export function crowdOf(conditions: number): number {
  return Math.max(2, Math.ceil(conditions * CROWD));
}

/**
 * @param conditions by number
 * @returns indexes; each condition is a member of at most one
 */
export function indexTexts(conditions: ReadonlyMap<number, Condition>): readonly TextIndex[] {
  const needs = new Map([...conditions].map(([number, condition]) => [number, textNeeds(condition)]));
  const crowds = new Map<string, number>();
  const texts = new Map<string, number>();
  for (const list of needs.values()) {
    for (const need of list) {
      texts.set(textKey(need), (texts.get(textKey(need)) ?? 0) + 1);
      for (const key of keysOf(need)) crowds.set(key, (crowds.get(key) ?? 0) + 1);
    }
  }
  const crowd = (need: TextNeed): number => Math.max(...keysOf(need).map((key) => crowds.get(key) ?? 0));
  const users = (need: TextNeed): number => texts.get(textKey(need)) ?? 0;
  const limit = crowdOf(conditions.size);
  const chosen = new Map<string, Map<number, TextNeed>>();
  for (const [number, list] of needs) {
    const useful = list.filter((need) => crowd(need) <= limit && users(need) >= LEAST_MEMBERS);
    // A search through a text costs more than a look at its beginning. Besides, the fewer texts are looked up, the better.
    const [best] = useful.sort(
      (a, b) => Number(a.anywhere) - Number(b.anywhere) || users(b) - users(a) || crowd(a) - crowd(b),
    );
    if (!best) continue;
    const members = chosen.get(textKey(best)) ?? new Map<number, TextNeed>();
    chosen.set(textKey(best), members.set(number, best));
  }
  return [...chosen.values()].flatMap((members) => indexOf(members, conditions) ?? []);
}

function keysOf(need: TextNeed): readonly string[] {
  return need.constants.map(({ bytes, whole }) => `${whole}:${bytes}:${textKey(need)}`);
}

function indexOf(
  needs: ReadonlyMap<number, TextNeed>,
  conditions: ReadonlyMap<number, Condition>,
): TextIndex | undefined {
  const entriesOf = (skipped: ReadonlySet<number>): TrieEntry[] =>
    [...needs].flatMap(([member, { constants }]) =>
      skipped.has(member) ? [] : constants.map((constant) => ({ constant, member })),
    );
  const left = entriesOf(unsuitable(buildTrie(entriesOf(new Set()))));
  const members = new Map<number, Condition>();
  for (const member of new Set(left.map((entry) => entry.member))) {
    const [need, condition] = [needs.get(member), conditions.get(member)];
    if (need && condition) members.set(member, all(undecided(conjunctsOf(condition), need)));
  }
  const [first] = needs.values();
  if (members.size < LEAST_MEMBERS || !first) return undefined;
  const { value, scope, anywhere } = first;
  return { value, scope, anywhere, trie: buildTrie(left), members };
}
