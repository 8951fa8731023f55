// How the candidate bits of a process are found: which words have bits that depend on the process, which of them a lookup of its texts
// excludes, and how the bits of a word are found.

import { CANDIDATE_WORDS } from '../../schema/image.ts';
import { type Condition, TRUE } from '../ir/condition.ts';
import { indexTexts, type TextIndex } from './text-index.ts';
import { renumbered } from './trie.ts';

/** Rules that have a bit in the candidate words of a process image. Further rules are evaluated without one. */
export const CANDIDATE_RULES = CANDIDATE_WORDS * 64;

/** 64 rules, of which bit n stands for the n-th. */
export interface CandidateWord {
  readonly number: number;
  /** Bits that every process has. */
  readonly always: bigint;
  /** Conditions on the process, by bit, of the others. */
  readonly conditions: ReadonlyMap<number, Condition>;
  /** Texts that many of them need to be something; members are bits. */
  readonly indexes: readonly TextIndex[];
}

export interface CandidatePlan {
  readonly words: readonly CandidateWord[];
  /** Words that may have more bits than every process has, whatever the texts of the process. */
  readonly asked: ReadonlySet<number>;
  /** What makes the other words worth asking for; members are words. */
  readonly indexes: readonly TextIndex[];
}

/** @param conditions by rule: the condition on a process for the rule to match any of its events */
export function planCandidates(conditions: readonly Condition[]): CandidatePlan {
  const deciding = new Map(
    [...conditions.slice(0, CANDIDATE_RULES).entries()].filter(([, { kind }]) => kind !== 'constant'),
  );
  const indexes = indexTexts(deciding);
  const indexed = new Set(indexes.flatMap(({ members }) => [...members.keys()]));
  const words = Array.from({ length: Math.min(CANDIDATE_WORDS, Math.ceil(conditions.length / 64)) }, (_, word) =>
    planWord(word, conditions.slice(word * 64, word * 64 + 64)),
  );
  return {
    words,
    asked: new Set([...deciding.keys()].filter((rule) => !indexed.has(rule)).map(wordOf)),
    indexes: indexes.map((index) => ({
      ...index,
      trie: renumbered(index.trie, wordOf),
      members: new Map([...index.members.keys()].map((rule) => [wordOf(rule), TRUE])),
    })),
  };
}

function wordOf(rule: number): number {
  return rule >> 6;
}

function planWord(number: number, rules: readonly Condition[]): CandidateWord {
  const always = rules.reduce((sum, condition, bit) => (condition === TRUE ? sum | (1n << BigInt(bit)) : sum), 0n);
  const conditions = new Map([...rules.entries()].filter(([, { kind }]) => kind !== 'constant'));
  return { number, always, conditions, indexes: indexTexts(conditions) };
}
