// Functions that test a text in memory: equality with one constant or one of many, prefix, suffix, substring. `= bash` compiles to
//
//   function equals_bash(text: u64): bool {
//     if (lengthOf(text) != 4) return false;
//     const at = addressOf(text);
//     return load<u32>(at) == 0x68736162;
//   }

import { lower, upper } from '../ir/letter-case.ts';
import type { Bytes, TextMatch, TextValue } from '../ir/text.ts';
import { callFunction, isThere, NEVER, type Value } from '../ir/value.ts';
import { automatonOver } from './automaton.ts';
import { compareBytes, compareWord, cover, hex, wordAt } from './bytes.ts';
import { chain } from './chain.ts';
import { comment, type Functions, nameOf } from './functions.ts';

/** The test of `text`: `equals_bash(imageComm(image))`. */
export function emitTextMatch(text: TextValue, match: TextMatch, functions: Functions): Value {
  if (match.op === 'automaton') {
    const { within = '' } = text.case === undefined ? match : {};
    const first = within === '' ? undefined : searchFunction('contains', within, false, functions);
    return automatonOver(text, match, first, functions);
  }
  const possible = (value: Bytes): boolean =>
    text.case === undefined || value === (text.case === 'lower' ? lower(value) : upper(value));
  const fold = text.case !== undefined;
  if (match.op === 'equals') {
    const values = [...new Set(match.values)].filter(possible).sort();
    if (values.length === 0) return NEVER;
    return callFunction(equalsFunction(values, fold, functions), text.value);
  }
  const ignoreCase = fold || match.ignoreCase;
  // contains of a folded text: a letter in the other case is nowhere in it, unless case doesn't count anyway.
  if (!match.ignoreCase && !possible(match.value)) return NEVER;
  if (match.value === '') return isThere(text.value);
  return callFunction(searchFunction(match.op, match.value, ignoreCase, functions), text.value);
}

/**
 * One constant as above; several by their length:
 *
 *   switch (lengthOf(text)) {
 *     case 3: {
 *       return load<u16>(at) == 0x6163 && load<u8>(at, 2) == 0x74;
 *     }
 *     case 4: {
 *       return load<u32>(at) == 0x7373656c;
 *     }
 *   }
 *   return false;
 */
function equalsFunction(values: readonly Bytes[], fold: boolean, functions: Functions): string {
  const kind = values.length === 1 ? 'equals' : 'oneOf';
  const name = `${kind}_${nameOf(values)}${fold ? '_anyCase' : ''}`;
  return functions.define(`${kind}:${fold}:${JSON.stringify(values)}`, name, (unique) => {
    const lengths = [...new Set(values.map((value) => value.length))].sort((a, b) => a - b);
    const cases = lengths.map((length) => {
      const members = values.filter((value) => value.length === length);
      return { length, lines: membersOf(members, fold) };
    });
    const head = [`// ${comment(values)}`, `function ${unique}(text: u64): bool {`];
    functions.names('lengthOf');
    if (lengths.some((length) => length > 0)) functions.names('addressOf');
    const [only] = cases;
    if (cases.length === 1 && only) {
      const guard = only.length === 0 ? 'text == 0 || ' : '';
      return [
        ...head,
        `  if (${guard}lengthOf(text) != ${only.length}) return false;`,
        ...(only.length === 0 ? [] : ['  const at = addressOf(text);']),
        ...indent(only.lines, 1),
        '}',
      ].join('\n');
    }
    return [
      ...head,
      '  const at = addressOf(text);',
      '  switch (lengthOf(text)) {',
      ...cases.flatMap(({ length, lines }) => [`    case ${length}: {`, ...indent(lines, 3), '    }']),
      '  }',
      '  return false;',
      '}',
    ].join('\n');
  });
}

function indent(lines: readonly string[], levels: number): string[] {
  return lines.map((line) => '  '.repeat(levels) + line);
}

/** Statements that return whether the bytes at `at` are one of the values, which are all of one length and sorted. */
function membersOf(values: readonly Bytes[], fold: boolean): string[] {
  const [first = ''] = values;
  if (first.length === 0) return ['return text != 0;'];
  const tests = (members: readonly Bytes[]): string =>
    chain(
      members.map((value) => compareBytes('at', value, fold).join(' && ')),
      ' ||\n    ',
    );
  // Up to four are compared one after the other; more by a first word that takes half of them away each time.
  if (values.length <= 4 || fold) return `return ${tests(values)};`.split('\n');
  const [[, word] = [0, undefined]] = cover(first.length);
  if (!word) return [`return ${tests(values)};`];
  const byWord = new Map<bigint, Bytes[]>();
  for (const value of values) {
    const key = wordAt(value, 0, word.size);
    byWord.set(key, [...(byWord.get(key) ?? []), value]);
  }
  const keys = [...byWord.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const rest = (key: bigint): string => {
    const members = byWord.get(key) ?? [];
    const head = `word == ${hex(key)}`;
    const tails = members.map((value) => {
      const words = cover(value.length).slice(1);
      return words.map(([offset, part]) => compareWord('at', value, offset, part, false)).join(' && ');
    });
    if (tails.length === 1) return tails[0] ? `${head} && ${tails[0]}` : head;
    return `${head} && (${chain(
      tails.map((tail) => `(${tail})`),
      ' || ',
    )})`;
  };
  const search = (from: number, to: number): string[] => {
    if (to - from <= 3) return `return ${keys.slice(from, to).map(rest).join(' ||\n    ')};`.split('\n');
    const middle = (from + to) >> 1;
    return [`if (word < ${hex(keys[middle] ?? 0n)}) {`, ...indent(search(from, middle), 1), '}', ...search(middle, to)];
  };
  return [`const word = load<${word.type}>(at);`, ...search(0, keys.length)];
}

/**
 * `startswith /etc/`:
 *
 *   if (lengthOf(text) < 5) return false;
 *   const at = addressOf(text);
 *   return load<u32>(at) == 0x6374652f &&
 *     load<u8>(at, 4) == 0x2f;
 */
function searchFunction(
  op: 'contains' | 'startswith' | 'endswith',
  value: Bytes,
  ignoreCase: boolean,
  functions: Functions,
): string {
  const name = `${op}_${nameOf([value])}${ignoreCase ? '_anyCase' : ''}`;
  functions.names('addressOf', 'lengthOf');
  return functions.define(`${op}:${ignoreCase}:${JSON.stringify(value)}`, name, (unique) => {
    const head = [`// ${comment([value])}`, `function ${unique}(text: u64): bool {`];
    const tests = compareBytes('at', value, ignoreCase).join(' &&\n    ');
    if (op === 'contains') return [...head, ...contains(value, tests, ignoreCase), '}'].join('\n');
    const start = op === 'startswith' ? 'addressOf(text)' : `addressOf(text) + lengthOf(text) - ${value.length}`;
    return [
      ...head,
      `  if (lengthOf(text) < ${value.length}) return false;`,
      `  const at = ${start};`,
      `  return ${tests};`,
      '}',
    ].join('\n');
  });
}

/** Bytes of paths and command lines, the most frequent first; what is not here is rarer still. */
const FREQUENT = '/etsaroinlcd.pumbhg-_ fvyw01x23k5';

/** The two places of a constant whose bytes are the rarest; one if it is one byte long. */
function rarestPlaces(value: Bytes): readonly number[] {
  const frequency = (place: number): number => {
    const rank = FREQUENT.indexOf((value[place] ?? '').toLowerCase());
    return rank < 0 ? 0 : FREQUENT.length - rank;
  };
  const places = [...value].map((_, place) => place);
  // Equally rare ones are ordered so that they lie apart: neighbours say less.
  return places.sort((a, b) => frequency(a) - frequency(b) || b - a).slice(0, 2);
}

/**
 * Places where two rare bytes are right are found 16 at a time, from the end backwards: in front of a text there is always its record, so
 * that no block reaches beyond the memory. `contains ab`:
 *
 *   if (lengthOf(text) < 2) return false;
 *   const start = addressOf(text);
 *   let block = start + lengthOf(text) - 2 - 15;
 *   while (true) {
 *     let places = u32(i8x16.bitmask(v128.and(i8x16.eq(v128.load(block, 1), i8x16.splat(98)), i8x16.eq(v128.load(block), i8x16.splat(97)))));
 *     if (block < start) places = (places >> (start - block)) << (start - block);
 *     for (; places != 0; places &= places - 1) {
 *       const at = block + ctz(places);
 *       if (load<u16>(at) == 0x6261) return true;
 *     }
 *     if (block <= start) return false;
 *     block -= 16;
 *   }
 */
function contains(value: Bytes, tests: string, ignoreCase: boolean): string[] {
  const found = (place: number): string => {
    const wanted = ignoreCase ? lower(value[place] ?? '') : (value[place] ?? '');
    const block = place === 0 ? 'v128.load(block)' : `v128.load(block, ${place})`;
    const folded = ignoreCase && /[a-z]/.test(wanted) ? `v128.or(${block}, i8x16.splat(0x20))` : block;
    // i8x16.splat takes a signed byte.
    return `i8x16.eq(${folded}, i8x16.splat(${(wanted.charCodeAt(0) << 24) >> 24}))`;
  };
  const [first = '', second] = rarestPlaces(value).map(found);
  const both = second === undefined ? first : `v128.and(${first}, ${second})`;
  const indented = tests.replaceAll('\n', '\n    ');
  return [
    `  if (lengthOf(text) < ${value.length}) return false;`,
    '  const start = addressOf(text);',
    `  let block = start + lengthOf(text) - ${value.length} - 15;`,
    '  while (true) {',
    `    let places = u32(i8x16.bitmask(${both}));`,
    '    if (block < start) places = (places >> (start - block)) << (start - block);',
    ...(value.length === 1
      ? ['    if (places != 0) return true;']
      : [
          '    for (; places != 0; places &= places - 1) {',
          '      const at = block + ctz(places);',
          `      if (${indented}) return true;`,
          '    }',
        ]),
    '    if (block <= start) return false;',
    '    block -= 16;',
    '  }',
  ];
}
