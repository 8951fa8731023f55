// Search for the places in a text where one of many constants may begin, 16 places at a time, by the first three bytes of each constant.
// Each constant is in one of eight classes, which stand for the bits of a byte. For each of the three bytes two tables, which are
// vectors, give the classes it may belong to by its low and by its high half: a place is a candidate if a class is in all six
// (the method is known as Teddy, from the Hyperscan library). Candidates are looked up.
//
// For twelve rules, from `fd.name contains aneedle` to `fd.name contains lneedle`, the classes of the first byte are
//
//   v128.and(
//     i8x16.swizzle(i8x16(0, 1, 1, 2, 4, 4, 8, 16, 16, 32, 64, 64, -128, 0, 0, 0), v128.and(bytes0, i8x16.splat(15))),
//     i8x16.swizzle(i8x16(0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0), v128.and(i16x8.shr_u(bytes0, 4), i8x16.splat(15)))
//   )
//
// The letters a to l are 0x61 to 0x6c. Their low half tells the class: a and b are in one, c is in the next. Their high half, 6, leaves all
// classes (-1).

import type { Bytes } from '../ir/text.ts';
import type { TextIndex } from '../plan/text-index.ts';
import { SHORTEST_ANYWHERE } from '../plan/text-need.ts';
import type { TrieNode } from '../plan/trie.ts';
import type { Functions } from './functions.ts';

const CLASSES = 8;
/** Places of the bytes that are looked at. */
const PLACES = Array.from({ length: SHORTEST_ANYWHERE }, (_, place) => place);

/**
 * Function `(text, before) -> address` of the last such place in front of the address `before`; 0 if not found. It searches from
 * the end backwards: the text's record always precedes it, so no block reaches beyond the memory.
 *
 *   while (true) {
 *     const bytes0 = v128.load(block);
 *     const bytes1 = v128.load(block, 1);
 *     const bytes2 = v128.load(block, 2);
 *     let places = u32(i8x16.bitmask(i8x16.ne(v128.and(...), i8x16.splat(0))));
 *     if (block < start) places = (places >> (start - block)) << (start - block);
 *     if (places != 0) return block + 31 - clz(places);
 *     if (block <= start) return 0;
 *     block -= 16;
 *   }
 */
export function emitSearch(index: TextIndex, functions: Functions): string {
  const starts = [...new Set(constantsOf(index.trie).map((bytes) => bytes.slice(0, SHORTEST_ANYWHERE)))].sort();
  const left = PLACES.map((place) => classesAt(place, starts)).reduce(
    (all, classes) => `v128.and(${all},\n      ${classes})`,
  );
  functions.names('addressOf', 'lengthOf');
  return functions.define(`search:${JSON.stringify(starts)}`, 'search', (name) =>
    [
      `// ${starts.length} beginnings`,
      `function ${name}(text: u64, before: u32): u32 {`,
      `  if (lengthOf(text) < ${SHORTEST_ANYWHERE}) return 0;`,
      '  const start = addressOf(text);',
      `  let block = min(before, start + lengthOf(text) - ${SHORTEST_ANYWHERE - 1}) - 16;`,
      '  while (true) {',
      ...PLACES.map((place) => `    const ${bytesAt(place)} = v128.load(block${place > 0 ? `, ${place}` : ''});`),
      `    let places = u32(i8x16.bitmask(i8x16.ne(${left}, i8x16.splat(0))));`,
      '    if (block < start) places = (places >> (start - block)) << (start - block);',
      '    if (places != 0) return block + 31 - clz(places);',
      '    if (block <= start) return 0;',
      '    block -= 16;',
      '  }',
      '}',
    ].join('\n'),
  );
}

function constantsOf({ prefix, begins, children }: TrieNode): readonly Bytes[] {
  return [...(begins.length > 0 ? [prefix] : []), ...children.flatMap(constantsOf)];
}

/** For each of 16 places, the classes that its byte number `place` may belong to. */
function classesAt(place: number, starts: readonly Bytes[]): string {
  const low = new Array<number>(16).fill(0);
  const high = new Array<number>(16).fill(0);
  starts.forEach((start, number) => {
    const byte = start.charCodeAt(place);
    // Constants that begin alike share a class: the fewer bytes a class has, the less is left over.
    const bit = 1 << Math.floor((number * CLASSES) / starts.length);
    low[byte & 15] = (low[byte & 15] ?? 0) | bit;
    high[byte >> 4] = (high[byte >> 4] ?? 0) | bit;
  });
  const bytes = bytesAt(place);
  const half = (value: string): string => `v128.and(${value}, i8x16.splat(15))`;
  return `v128.and(i8x16.swizzle(${vector(low)}, ${half(bytes)}), i8x16.swizzle(${vector(high)}, ${half(`i16x8.shr_u(${bytes}, 4)`)}))`;
}

function bytesAt(place: number): string {
  return `bytes${place}`;
}

/** A constant; i8x16 takes signed bytes. */
function vector(bytes: readonly number[]): string {
  return `i8x16(${bytes.map((byte) => (byte << 24) >> 24).join(', ')})`;
}
