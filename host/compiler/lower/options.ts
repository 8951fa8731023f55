// getopt() in conditions. Of constants it is decided here; of words of the event the module reads the options anew for each that it is
// asked for, since it has nowhere to keep them.

import type { TransformerOperand } from '../ast.ts';
import { contentHash } from '../cache.ts';
import { options } from '../getopt.ts';
import { all, type Bytes, code } from '../ir.ts';
import { ABSENT, either, type LoweringContext, type Operand, present, text } from './operand.ts';
import { exists } from './text-check.ts';

type TextOperand = Extract<Operand, { kind: 'text' }>;

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
  if (!words.every(isPlainText)) return undefined;
  const there = all(words.map(exists));
  const missing: Bytes = bytes.startsWith(':') ? ':' : '?';
  if (wanted === undefined) {
    const name = defineReader(words, bytes, undefined, context);
    return {
      kind: 'texts',
      there,
      item: `${name}(event, image, index)`,
      marks: [
        [UNKNOWN, '?'],
        [MISSING, missing],
      ],
      scope: 'event',
    };
  }
  if (wanted.length !== 1) return ABSENT;
  const value = `${defineReader(words, bytes, wanted, context)}(event, image, 0)`;
  const isMark = (mark: number) => code(`${value} == ${mark}`, 'event', 20);
  const unmarked = either(isMark(MISSING), { kind: 'constant', bytes: missing }, text(value, 'event'));
  return present(there, either(isMark(UNKNOWN), { kind: 'constant', bytes: '?' }, unmarked));
}

function isPlainText(operand: Operand): operand is TextOperand {
  return operand.kind === 'text' && operand.orElse === undefined && operand.text.case === undefined;
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
  words: readonly TextOperand[],
  known: Bytes,
  wanted: string | undefined,
  context: LoweringContext,
): string {
  const codes = words.map((word) => word.text.code);
  const name = `options_${contentHash([...codes, known, wanted ?? '']).slice(0, 12)}`;
  const cases = codes.map((word, index) => `    case ${index}: return ${word};`).join('\n');
  const kinds = [...known]
    .map((letter, index) => ({ letter, kind: known[index + 1] === ':' ? 2 : 1 }))
    .filter(({ letter }, index, list) => letter !== ':' && list.findIndex((other) => other.letter === letter) === index)
    .map(({ letter, kind }) => `    case 0x${letter.charCodeAt(0).toString(16)}: return ${kind};`)
    .join('\n');
  const report = (test: string, result: string): string =>
    wanted === undefined ? `if (${test}) return ${result};` : '';
  const isWanted = `letter == 0x${(wanted ?? '?').charCodeAt(0).toString(16)}`;
  const keep = (result: string): string => (wanted === undefined ? '' : `if (${isWanted}) last = ${result};`);
  context.define(
    name,
    `function ${name}_word(event: u32, image: u32, index: u32): u64 {
  switch (index) {
${cases}
  }
  return 0;
}

function ${name}_kind(letter: u32): u32 {
  switch (letter) {
${kinds}
  }
  return 0;
}

// ${JSON.stringify(known).replace(/[^\x20-\x7e]/g, '.')}
function ${name}(event: u32, image: u32, number: u32): u64 {
  let last: u64 = 0;
  let count: u32 = 0;
  for (let index: u32 = 0; index < ${words.length}; ++index) {
    const word = ${name}_word(event, image, index);
    const start = addressOf(word);
    const length = lengthOf(word);
    if (length < 2 || load<u8>(start) != 0x2d) break;
    if (load<u8>(start, 1) == 0x2d) {
      if (length == 2) break;
      continue;
    }
    for (let at: u32 = 1; at < length; ++at) {
      const letter = u32(load<u8>(start + at));
      const kind = ${name}_kind(letter);
      const own = textAt(start + at, 1);
      if (kind != 2) {
        const shown = kind == 1 ? own : ${UNKNOWN};
        ${keep('shown')}${report('count++ == number', 'shown')}
        continue;
      }
      let value: u64 = at + 1 < length ? textAt(start + at + 1, length - at - 1) : 0;
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
