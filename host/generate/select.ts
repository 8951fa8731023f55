// Selects actions by name.

import { matchesWildcard } from '../compiler/rules/select.ts';
import type { Action } from './actions/action.ts';
import { ACTIONS } from './actions/index.ts';

/** An unknown name. */
export class UnknownActionError extends Error {
  override readonly name = 'UnknownActionError';
  readonly word: string;

  constructor(word: string) {
    super(word.includes('*') ? `no action matches ${word}` : `unknown action ${word}`);
    this.word = word;
  }
}

/**
 * The actions whose names match the patterns, in the order of the list; all without a pattern.
 * @param patterns names, in which * matches any text
 * @throws {UnknownActionError}
 */
export function selectActions(patterns: readonly string[], actions: readonly Action[] = ACTIONS): readonly Action[] {
  const unknown = patterns.find((pattern) => !actions.some(({ name }) => matchesWildcard(pattern, name)));
  if (unknown !== undefined) throw new UnknownActionError(unknown);
  if (patterns.length === 0) return actions;
  return actions.filter(({ name }) => patterns.some((pattern) => matchesWildcard(pattern, name)));
}
