// getopt() in conditions. Of constants it is decided here; of words of the event the module reads the options anew for each that it is
// asked for, since it has nowhere to keep them.

import { contentHash } from '../assemble/cache.ts';
import type { TransformerOperand } from '../conditions/ast.ts';
import { letterKind, options } from '../conditions/getopt.ts';
import { all, type Bytes, type Condition, holds, type Mark } from '../ir.ts';
import { printValue } from '../print-value.ts';
import {
  call,
  callFunction,
  compare,
  EVENT_ADDRESS,
  hexadecimal,
  IMAGE_ADDRESS,
  ITEM_INDEX,
  integer,
  ZERO,
} from '../value.ts';
import { ABSENT, either, ITEM, type LoweringContext, type Operand, present, text } from './operand.ts';
import { exists } from './text-check.ts';

type Words = readonly (Extract<Operand, { kind: 'text' }> | Extract<Operand, { kind: 'constant' }>)[];

/** Names of what is no option, which lie nowhere in memory: the module yields these numbers in place of a text. */
const UNKNOWN = 1;
const MISSING = 2;

/** @returns undefined for what can't be told from these arguments */
export function optionsOf(
  words: readonly Operand[],
  specification: Operand | undefined,
  { argument: wanted }: TransformerOperand,
  context: LoweringContext,
): Operand | undefined {
  if (specification?.kind !== 'constant') return undefined;
  const { bytes } = specification;
  if (words.every((word) => word.kind === 'constant')) {
    return ofConstants(
      words.map((word) => word.bytes),
      bytes,
      wanted,
    );
  }
  if (words.some((word) => word.kind === 'absent')) return ABSENT;
  const source = wordsOf(words, bytes);
  if (!source) return undefined;
  const { there } = source;
  const marks: readonly Mark[] = [
    [integer(UNKNOWN), '?'],
    [integer(MISSING), bytes.startsWith(':') ? ':' : '?'],
    ...source.marks,
  ];
  if (wanted === undefined) {
    const name = defineReader(source, bytes, undefined, context);
    return {
      kind: 'texts',
      there,
      item: callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_INDEX),
      marks,
      each: ITEM,
      scope: 'event',
    };
  }
  if (wanted.length !== 1) return ABSENT;
  const name = defineReader(source, bytes, wanted, context);
  const value = callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS, ZERO);
  const read = marks.reduceRight<Operand>(
    (rest, [mark, text]) =>
      either(holds(compare(value, '==', mark), 'event', 20), { kind: 'constant', bytes: text }, rest),
    text(call('inMemory', value), 'event'),
  );
  return present(there, read);
}

/** Where the words come from: the statements that yield the word of number `index`, 0 past the end. */
interface WordSource {
  readonly there: Condition;
  readonly count: number;
  readonly lines: readonly string[];
  /** The constants among them, one after the other. A text with the highest bit set lies in them, at the offset in its low half. */
  readonly constants: Bytes;
  /** Such texts that may come out as names or values. */
  readonly marks: readonly Mark[];
}

/** More words than an event can bring. */
const MOST_WORDS = 65_536;

function wordsOf(words: readonly Operand[], known: Bytes): WordSource | undefined {
  const [list] = words;
  if (words.length === 1 && list?.kind === 'texts') {
    if (list.marks.length > 0 || list.each !== ITEM) return undefined;
    return {
      there: list.there,
      count: MOST_WORDS,
      lines: [`return ${printValue(list.item)};`],
      constants: '',
      marks: [],
    };
  }
  if (!areWords(words)) return undefined;
  let constants = '';
  const marks = new Map<bigint, Bytes>();
  const cases = words.map((word, index) => {
    if (word.kind === 'text') return `  case ${index}: return ${printValue(word.text.value)};`;
    const place = constants.length;
    constants += word.bytes;
    for (const [from, length] of partsOf(word.bytes, known))
      marks.set(constantText(place + from, length), word.bytes.slice(from, from + length));
    return `  case ${index}: return ${printValue(hexadecimal(constantText(place, word.bytes.length)))};`;
  });
  const lines = ['switch (index) {', ...cases, '}', 'return 0;'];
  return { there: all(words.map(exists)), count: words.length, lines, constants, marks: marksOf(marks) };
}

function areWords(words: readonly Operand[]): words is Words {
  return words.every(
    (word) =>
      word.kind === 'constant' ||
      (word.kind === 'text' && word.orElse === undefined && word.text.case === undefined && !word.text.shown),
  );
}

function marksOf(marks: ReadonlyMap<bigint, Bytes>): readonly Mark[] {
  return [...marks].map(([mark, bytes]): Mark => [hexadecimal(mark), bytes]);
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

/** Names and values of all options, or the value of one: of its last occurrence, its name when it has none. */
function ofConstants(words: readonly Bytes[], known: Bytes, wanted: string | undefined): Operand {
  const found = options(words, known);
  const constantOf = (bytes: Bytes): Operand => ({ kind: 'constant', bytes });
  if (wanted === undefined) {
    const texts = found.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value]));
    return { kind: 'list', items: texts.map(constantOf) };
  }
  const last = found.findLast(({ letter }) => letter === wanted);
  return last ? constantOf(last.value ?? last.name) : ABSENT;
}

/**
 * A function that yields the name or value that is `number`-th in the list of all, or what the wanted option has; 0 if there is none.
 * The same steps as getopt.ts.
 */
function defineReader(
  { count, lines, constants }: WordSource,
  known: Bytes,
  wanted: string | undefined,
  context: LoweringContext,
): string {
  const name = `options_${contentHash([...lines, constants, known, wanted ?? '']).slice(0, 12)}`;
  const kinds = [...new Set(known)]
    .map((letter) => ({ letter, kind: letterKind(known, letter) }))
    .filter(({ kind }) => kind !== 'unknown')
    .map(({ letter, kind }) => `    case 0x${letter.charCodeAt(0).toString(16)}: return ${kind === 'known' ? 1 : 2};`)
    .join('\n');
  const report = (test: string, result: string): string =>
    wanted === undefined ? `if (${test}) return ${result};` : '';
  const isWanted = `letter == 0x${(wanted ?? '?').charCodeAt(0).toString(16)}`;
  const keep = (result: string): string => (wanted === undefined ? '' : `if (${isWanted}) last = ${result};`);
  context.define(
    name,
    `function ${name}_word(event: u32, image: u32, index: u32): u64 {
${lines.map((line) => `  ${line}`).join('\n')}
}

function ${name}_kind(letter: u32): u32 {
  switch (letter) {
${kinds}
  }
  return 0;
}

function ${name}_byte(word: u64, at: u32): u32 {
  const place = addressOf(word) + at;
${constants === '' ? '' : `  if (word >> 63 != 0) return ${context.constantBytes(constants)}(place);`}
  return load<u8>(place);
}

// ${JSON.stringify(known).replace(/[^\x20-\x7e]/g, '.')}
function ${name}(event: u32, image: u32, number: u32): u64 {
  let last: u64 = 0;
  let count: u32 = 0;
  for (let index: u32 = 0; index < ${count}; ++index) {
    const word = ${name}_word(event, image, index);
    const length = lengthOf(word) & 0x7fffffff;
    if (length < 2 || ${name}_byte(word, 0) != 0x2d) break;
    if (${name}_byte(word, 1) == 0x2d) {
      if (length == 2) break;
      continue;
    }
    // The word from a byte on, wherever it lies.
    const place: u64 = word & 0x80000000ffffffff;
    for (let at: u32 = 1; at < length; ++at) {
      const letter = ${name}_byte(word, at);
      const kind = ${name}_kind(letter);
      const own: u64 = (place + at) | (u64(1) << 32);
      if (kind != 2) {
        const shown: u64 = kind == 1 ? own : ${UNKNOWN};
        ${keep('shown')}${report('count++ == number', 'shown')}
        continue;
      }
      let value: u64 = at + 1 < length ? (place + at + 1) | (u64(length - at - 1) << 32) : 0;
      if (value == 0) value = ${name}_word(event, image, ++index);
      ${keep(`value == 0 ? ${MISSING} : value`)}${report('count++ == number', `value == 0 ? ${MISSING} : own`)}
      ${report('value != 0 && count++ == number', 'value')}
      break;
    }
  }
  return last;
}`,
  );
  return name;
}
