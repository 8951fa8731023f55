// Tests of an element of a list, within a function that goes over the list: the element is in the variable `item`.
//
//   container.env_names intersects (A, B)                          oneOf_A_B(item)
//   b64(container.env_names) intersects (A, B)                     pieces(item)
//   tolower((proc.name)) intersects tolower(container.env_names)   pair(event, image, item)
//
// The last one compares the element with a text of the event:
//
//   function pair(event: u32, image: u32, item: u64): bool {
//     const n = side_length(item);
//     const m = side_2_length(image);
//     if (n < 0 || m < 0) return false;
//     if (n != m) return false;
//     for (let i = 0; i < n; ++i) if (!(side_byte(item, i) == side_2_byte(image, i))) return false;
//     return true;
//   }

import { matchPair, matchPieces } from '../ir/condition.ts';
import type { Piece, TextMatch } from '../ir/text.ts';
import { EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_TEXT, type Value } from '../ir/value.ts';
import type { Functions, Parameters } from './functions.ts';
import { emitPair } from './pair.ts';
import { emitStream } from './stream.ts';
import { emitTextMatch } from './text-match.ts';

const ITEM_ONLY: Parameters = { declared: 'item: u64', passed: [ITEM_TEXT] };
const WITH_ITEM: Parameters = {
  declared: 'event: u32, image: u32, item: u64',
  passed: [EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_TEXT],
};

export function emitItemTest(match: TextMatch, item: Piece, functions: Functions): Value {
  if (item.kind === 'text') return emitTextMatch(item, match, functions);
  const test = matchPieces([item], match);
  if (test.kind !== 'test' || test.test !== 'stream') throw new Error('a test of pieces is a stream');
  return emitStream(test, functions, ITEM_ONLY);
}

export function emitItemEquals(item: Piece, text: readonly Piece[], functions: Functions): Value {
  const test = matchPair([item], text, 'equals');
  if (test.kind !== 'test' || test.test !== 'pair') throw new Error('a comparison of pieces is a pair');
  return emitPair(test, functions, { whole: WITH_ITEM, left: ITEM_ONLY });
}
