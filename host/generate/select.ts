// Which actions a person has named.

import { matchesWildcard } from '../compiler/rules/select.ts';
import type { Action } from './actions/action.ts';
import { ACTIONS } from './actions/index.ts';

/** A name that no action has. */
export class UnknownActionError extends Error {
  override readonly name = 'UnknownActionError';
  readonly word: string;

  constructor(word: string) {
    super(word.includes('*') ? `no action has a name like ${word}` : `no action is called ${word}`);
    this.word = word;
  }
}

/**
 * Those whose names the patterns match, in the order of the list; all without a pattern.
 * @param patterns names, in which * stands for any text
 * @throws {UnknownActionError}
 */
export function selectActions(patterns: readonly string[], actions: readonly Action[] = ACTIONS): readonly Action[] {
  const unknown = patterns.find((pattern) => !actions.some(({ name }) => matchesWildcard(pattern, name)));
  if (unknown !== undefined) throw new UnknownActionError(unknown);
  if (patterns.length === 0) return actions;
  return actions.filter(({ name }) => patterns.some((pattern) => matchesWildcard(pattern, name)));
}
