// Which of many conditions are looked up by a text that they need, and by which one.

import type { Condition, Scope } from '../ir.ts';
import { type TextNeed, textNeeds } from './text-need.ts';
import { buildTrie, type TrieEntry, type TrieNode, unsuitable } from './trie.ts';

/** A text, and who needs it to be what. */
export interface TextIndex {
  readonly code: string;
  readonly scope: Scope;
  readonly trie: TrieNode;
  /** Numbers of the conditions that can't be true of a text that doesn't find them. */
  readonly members: ReadonlySet<number>;
}

/** So few conditions are tried one by one: a lookup costs as much as a few comparisons. */
const LEAST_MEMBERS = 6;

/** A constant that this part of all conditions needs singles out none of them. */
const CROWD = 1 / 16;

/** How many of that many conditions have a need in common before it is tested once for all of them rather than looked up. */
export function crowdOf(conditions: number): number {
  return Math.max(2, Math.ceil(conditions * CROWD));
}

/**
 * @param conditions by number
 * @returns indexes, of which each condition is a member of one at most
 */
export function indexTexts(conditions: ReadonlyMap<number, Condition>): readonly TextIndex[] {
  const needs = new Map([...conditions].map(([number, condition]) => [number, textNeeds(condition)]));
  const crowds = new Map<string, number>();
  const texts = new Map<string, number>();
  for (const list of needs.values()) {
    for (const need of list) {
      texts.set(need.code, (texts.get(need.code) ?? 0) + 1);
      for (const key of keysOf(need)) crowds.set(key, (crowds.get(key) ?? 0) + 1);
    }
  }
  const crowd = (need: TextNeed): number => Math.max(...keysOf(need).map((key) => crowds.get(key) ?? 0));
  const limit = crowdOf(conditions.size);
  const chosen = new Map<string, Map<number, TextNeed>>();
  for (const [number, list] of needs) {
    const useful = list.filter((need) => crowd(need) <= limit && (texts.get(need.code) ?? 0) >= LEAST_MEMBERS);
    // The fewer texts are looked up, the better.
    const [best] = useful.sort((a, b) => (texts.get(b.code) ?? 0) - (texts.get(a.code) ?? 0) || crowd(a) - crowd(b));
    if (!best) continue;
    const members = chosen.get(best.code) ?? new Map<number, TextNeed>();
    chosen.set(best.code, members.set(number, best));
  }
  return [...chosen.values()].flatMap((members) => indexOf(members) ?? []);
}

function keysOf({ code, constants }: TextNeed): readonly string[] {
  return constants.map(({ bytes, whole }) => `${whole}:${bytes}:${code}`);
}

function indexOf(needs: ReadonlyMap<number, TextNeed>): TextIndex | undefined {
  const entriesOf = (skipped: ReadonlySet<number>): TrieEntry[] =>
    [...needs].flatMap(([member, { constants }]) =>
      skipped.has(member) ? [] : constants.map((constant) => ({ constant, member })),
    );
  const left = entriesOf(unsuitable(buildTrie(entriesOf(new Set()))));
  const members = new Set(left.map(({ member }) => member));
  const [first] = needs.values();
  if (members.size < LEAST_MEMBERS || !first) return undefined;
  return { code: first.code, scope: first.scope, trie: buildTrie(left), members };
}
