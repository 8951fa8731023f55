// Text operators as patterns, for texts that have to run through an automaton.

import { type Automaton, automatonOf } from '../automata/automaton.ts';
import { ANYTHING, choice, exactly, type Pattern, sequence } from '../automata/pattern.ts';
import type { Bytes, TextMatch } from './text.ts';

/**
 * The automaton of the texts that match.
 * @throws AutomatonTooLargeError
 */
export function matchAutomaton(match: TextMatch): Automaton {
  if (match.op === 'automaton') return match.automaton;
  return automatonOf(matchPattern(match), match.op !== 'equals' && match.ignoreCase);
}

function matchPattern(match: Exclude<TextMatch, { op: 'automaton' }>): Pattern {
  switch (match.op) {
    case 'equals':
      return choice(match.values.map(exactly));
    case 'contains':
      return sequence([ANYTHING, exactly(match.value), ANYTHING]);
    case 'startswith':
      return sequence([exactly(match.value), ANYTHING]);
    case 'endswith':
      return sequence([ANYTHING, exactly(match.value)]);
  }
}

/** The operator and its constants, in a line, for a comment. */
export function matchTitle(match: TextMatch): string {
  if (match.op === 'automaton') return match.title;
  const values: readonly Bytes[] = match.op === 'equals' ? match.values : [match.value];
  const shown = values
    .slice(0, 8)
    .map((value) => JSON.stringify(Buffer.from(value, 'latin1').toString('utf8').slice(0, 80)));
  return `${match.op} ${shown.join(', ')}${values.length > 8 ? '...' : ''}`;
}
