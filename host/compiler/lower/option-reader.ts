// The function that reads options from words of the event: the same steps as conditions/getopt.ts, in AssemblyScript. That of
// `getopt((proc.args[0], proc.args[1]), "c:x")[c]` goes over the letters of each word; 0x63 is c:
//
//   for (let at: u32 = 1; at < length; ++at) {
//     const letter = options_011babddba25_byte(word, at);
//     const kind = options_011babddba25_kind(letter);
//     ...
//     let value: u64 = at + 1 < length ? (place + at + 1) | (u64(length - at - 1) << 32) : 0;
//     if (value == 0) value = options_011babddba25_word(event, image, ++index);
//     if (letter == 0x63) last = value == 0 ? 2 : value;
//     break;
//   }

import { letterKind } from '../conditions/getopt.ts';
import { contentHash } from '../ir/content-hash.ts';
import type { Bytes } from '../ir/text.ts';
import type { LoweringContext } from './operand.ts';
import type { WordSource } from './option-words.ts';

/** Names of invalid options, which are not in memory: the module returns these numbers in place of a text. */
export const UNKNOWN = 1;
export const MISSING = 2;

/**
 * Defines `(event, image, number) -> text`. Without a wanted letter it returns the name or value of that number in the list of all; with one,
 * the value of the last such option, whatever the number. 0 if missing.
 * @param known the specification of getopt(3)
 * @returns its name
 */
export function optionReader(
  words: WordSource,
  known: Bytes,
  wanted: string | undefined,
  context: LoweringContext,
): string {
  const name = `options_${contentHash([...words.lines, words.constants, known, wanted ?? '']).slice(0, 12)}`;
  const constant = words.constants === '' ? undefined : context.constantBytes(words.constants);
  const found = wanted === undefined ? LIST_OF_ALL : lastOf(wanted);
  context.define(
    name,
    [
      wordFunction(name, words),
      kindFunction(name, known),
      byteFunction(name, constant),
      reader(name, words.count, known, found),
    ].join('\n\n'),
    ['addressOf', 'lengthOf'],
  );
  return name;
}

/** `NAME_word`: a word by its number. */
const wordFunction = (name: string, { lines }: WordSource): string => `\
function ${name}_word(event: u32, image: u32, index: u32): u64 {
${lines.map((line) => `  ${line}`).join('\n')}
}`;

/** `NAME_kind` of a letter: 0 unknown, 1 an option, 2 one that has a value. */
function kindFunction(name: string, known: Bytes): string {
  const kinds = [...new Set(known)]
    .map((letter) => ({ letter, kind: letterKind(known, letter) }))
    .filter(({ kind }) => kind !== 'unknown')
    .map(({ letter, kind }) => `    case ${codeOf(letter)}: return ${kind === 'known' ? 1 : 2};`);
  return `\
function ${name}_kind(letter: u32): u32 {
  switch (letter) {
${kinds.join('\n')}
  }
  return 0;
}`;
}

/** `NAME_byte` of a word, which lies in memory or in the constants. */
function byteFunction(name: string, constant: string | undefined): string {
  const ofConstant = constant === undefined ? [] : [`  if (word >> 63 != 0) return ${constant}(place);`];
  return [
    `function ${name}_byte(word: u64, at: u32): u32 {`,
    '  const place = addressOf(word) + at;',
    ...ofConstant,
    '  return load<u8>(place);',
    '}',
  ].join('\n');
}

/** What is done with an option that is found: statements. */
interface WhenFound {
  /** With one that has no value: `shown` is its name. */
  readonly plain: string;
  /** With one that has: `own` is its name, `value` its value, 0 if that is missing. */
  readonly withValue: readonly string[];
}

const LIST_OF_ALL: WhenFound = {
  plain: 'if (count++ == number) return shown;',
  withValue: [
    `if (count++ == number) return value == 0 ? ${MISSING} : own;`,
    'if (value != 0 && count++ == number) return value;',
  ],
};

function lastOf(letter: string): WhenFound {
  const isWanted = `letter == ${codeOf(letter)}`;
  return {
    plain: `if (${isWanted}) last = shown;`,
    withValue: [`if (${isWanted}) last = value == 0 ? ${MISSING} : value;`],
  };
}

const reader = (name: string, count: number, known: Bytes, { plain, withValue }: WhenFound): string => `\
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
// The word from a byte on.
    const place: u64 = word & 0x80000000ffffffff;
    for (let at: u32 = 1; at < length; ++at) {
      const letter = ${name}_byte(word, at);
      const kind = ${name}_kind(letter);
      const own: u64 = (place + at) | (u64(1) << 32);
      if (kind != 2) {
        const shown: u64 = kind == 1 ? own : ${UNKNOWN};
        ${plain}
        continue;
      }
      let value: u64 = at + 1 < length ? (place + at + 1) | (u64(length - at - 1) << 32) : 0;
      if (value == 0) value = ${name}_word(event, image, ++index);
${withValue.map((line) => `      ${line}`).join('\n')}
      break;
    }
  }
  return last;
}`;

function codeOf(letter: string): string {
  return `0x${letter.charCodeAt(0).toString(16)}`;
}
