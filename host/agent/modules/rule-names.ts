// Names of rules in a sentence.

import { escapeText } from '../../diagnostics/escape.ts';

const MOST_NAMED = 10;

/** Quoted, the first ten of them, and how many more there are. */
export function namedRules(rules: readonly { readonly name: string }[]): string {
  const names = rules.slice(0, MOST_NAMED).map(({ name }) => `"${escapeText(name)}"`);
  const more = rules.length - names.length;
  return names.join(', ') + (more > 0 ? `, and ${more} more` : '');
}
