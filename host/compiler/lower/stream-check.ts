// Checks of texts in pieces, which automata read. A long list is divided among several of them:
//
//   concat(proc.name, "x") in (a, ... 100 others)    pieces(image) || pieces_2(image) || ...

import { any, type Condition, matchPieces } from '../ir/condition.ts';
import { matchAutomaton } from '../ir/match-automaton.ts';
import type { Bytes, Piece, TextMatch } from '../ir/text.ts';

/** Bytes of the constants that one automaton has: half of the states that it may have. */
const MOST_BYTES = 700;

/**
 * Whether the text of the pieces matches.
 * @throws AutomatonTooLargeError here, where it is known which rule it is of: the automata are made anew while code is emitted
 */
export function checkPieces(pieces: readonly Piece[], match: TextMatch): Condition {
  if (match.op !== 'equals') return matchPieces(pieces, checked(match));
  const groups: Bytes[][] = [];
  let room = 0;
  for (const value of match.values) {
    if (groups.length === 0 || value.length > room) {
      groups.push([]);
      room = MOST_BYTES;
    }
    groups.at(-1)?.push(value);
    room -= value.length;
  }
  return any(groups.map((values) => matchPieces(pieces, checked({ op: 'equals', values }))));
}

function checked(match: TextMatch): TextMatch {
  matchAutomaton(match);
  return match;
}
