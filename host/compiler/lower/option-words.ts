// The command line that getopt() reads: words of the event, constants of the rule, or both.

import { letterKind } from '../conditions/getopt.ts';
import { all, type Condition } from '../ir/condition.ts';
import type { Bytes, Mark } from '../ir/text.ts';
import { hexadecimal } from '../ir/value.ts';
import { ITEM, type LoweringContext, type Operand } from './operand.ts';
import { exists } from './text-check.ts';

/** Where the words come from. */
export interface WordSource {
  readonly there: Condition;
  readonly count: number;
  /** The statements that yield the word of number `index`, 0 past the end. */
  readonly lines: readonly string[];
  /** The constants among them, one after the other. A text with the highest bit set lies in them, at the offset in its low half. */
  readonly constants: Bytes;
  /** Such texts that may come out as names or values. */
  readonly marks: readonly Mark[];
}

/** More words than an event can bring. */
const MOST_WORDS = 65_536;

/**
 * One list of which only the event knows how long it is (`return itemOf(containerEnvNames(imageContainerAddress(image)), index);`), or single
 * words, here `(proc.exe, "-c")`:
 *
 *   switch (index) {
 *     case 0: return imageArgv0(image);
 *     case 1: return 0x8000000200000000;    // a constant of two bytes
 *   }
 *   return 0;
 *
 * @returns undefined for words that lie nowhere in one piece
 */
export function wordsOf(words: readonly Operand[], known: Bytes, context: LoweringContext): WordSource | undefined {
  const [list] = words;
  if (words.length === 1 && list?.kind === 'texts') {
    if (list.marks.length > 0 || list.each !== ITEM) return undefined;
    const lines = [`return ${context.print(list.item)};`];
    return { there: list.there, count: MOST_WORDS, lines, constants: '', marks: [] };
  }
  if (!areWords(words)) return undefined;
  let constants = '';
  const marks = new Map<bigint, Bytes>();
  const cases = words.map((word, index) => {
    if (word.kind === 'text') return `  case ${index}: return ${context.print(word.text.value)};`;
    const place = constants.length;
    constants += word.bytes;
    for (const [from, length] of partsOf(word.bytes, known))
      marks.set(constantText(place + from, length), word.bytes.slice(from, from + length));
    return `  case ${index}: return ${context.print(hexadecimal(constantText(place, word.bytes.length)))};`;
  });
  return {
    there: all(words.map(exists)),
    count: words.length,
    lines: ['switch (index) {', ...cases, '}', 'return 0;'],
    constants,
    marks: [...marks].map(([mark, bytes]): Mark => [hexadecimal(mark), bytes]),
  };
}

type Words = readonly (Extract<Operand, { kind: 'text' }> | Extract<Operand, { kind: 'constant' }>)[];

function areWords(words: readonly Operand[]): words is Words {
  return words.every(
    (word) =>
      word.kind === 'constant' ||
      (word.kind === 'text' && word.orElse === undefined && word.text.case === undefined && !word.text.shown),
  );
}

function constantText(offset: number, length: number): bigint {
  return (1n << 63n) | (BigInt(length) << 32n) | BigInt(offset);
}

/** What of a word may be a name or a value: the letters of the options in it, the value behind them, all of it. */
function partsOf(word: Bytes, known: Bytes): readonly (readonly [from: number, length: number])[] {
  const parts: (readonly [number, number])[] = [[0, word.length]];
  if (!/^-[^-]/s.test(word)) return parts;
  for (let at = 1; at < word.length; at++) {
    parts.push([at, 1]);
    if (letterKind(known, word.charAt(at)) !== 'with-value') continue;
    parts.push([at + 1, word.length - at - 1]);
    break;
  }
  return parts;
}
