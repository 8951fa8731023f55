// The candidate bits of a process as code: a function for each word, one that returns which words are worth evaluating, and the one that
// the host calls. `evt.type = open and not proc.name in (cat, less)` as rule 0 compiles to
//
//   function candidates0(image: u32): u64 {
//     let bits: u64 = 0x0;
//     // rule 0: ...
//     if (!oneOf_cat_less(imageComm(image))) bits |= 0x1;
//     return bits;
//   }

import { COMMON_BITS, COMMON_WORDS } from '../../schema/image.ts';
import { TRUE } from '../ir/condition.ts';
import type { CandidatePlan, CandidateWord } from '../plan/candidate-plan.ts';
import type { TextIndex } from '../plan/text-index.ts';
import type { RuleSource } from '../rules/rule.ts';
import { hex } from './bytes.ts';
import type { ConditionEmitter } from './condition.ts';
import { type Functions, oneLine } from './functions.ts';
import { AS_BITS, foundBits } from './lookup.ts';

export function emitCandidates(
  { words, asked, indexes }: CandidatePlan,
  sources: readonly RuleSource[],
  emitter: ConditionEmitter,
  functions: Functions,
): readonly string[] {
  // A single word has nothing to spare.
  const spared = words.length > 1 ? words : [];
  const ofRules = words.map((word) => emitWord(word, sources, emitter, functions));
  // Ancestry comes last: by now all tests of ancestors are defined.
  const ancestry = emitter.ancestry.words;
  return [
    ...ofRules,
    ...ancestry.functions,
    ...(spared.length > 0 ? [emitCommonWords(asked, indexes, functions)] : []),
    [
      '/** The rules that events of a process can match at all, 64 in a word. What depends on the process alone is decided here, once. */',
      'export function candidates(process: u32, word: u32): u64 {',
      '  switch (word) {',
      ...words.map(({ number }) => `    case ${number}: return candidates${number}(process);`),
      ...(spared.length > 0 ? [`    case ${COMMON_WORDS}: return commonWords(process);`] : []),
      ...spared.map(({ number, always }) => `    case ${COMMON_BITS + number}: return ${hex(always)};`),
      ...ancestry.cases.map((line) => `    ${line}`),
      '  }',
      '  return 0;',
      '}',
    ].join('\n'),
  ];
}

function emitCommonWords(asked: ReadonlySet<number>, indexes: readonly TextIndex[], functions: Functions): string {
  return [
    '/** Bit n: the process has no bits in word n but those that every process has. */',
    'function commonWords(image: u32): u64 {',
    `  let asked: u64 = ${hex(AS_BITS.of([...asked]))};`,
    ...indexes.map((index) => `  asked |= ${foundBits(index, functions)};`),
    '  return ~asked;',
    '}',
  ].join('\n');
}

/** If many rules need a text, those that match are looked up: `found |= find_imageComm_of(imageComm(image));`. */
function emitWord(
  { number, always, conditions, indexes }: CandidateWord,
  sources: readonly RuleSource[],
  emitter: ConditionEmitter,
  functions: Functions,
): string {
  const lines = [`let bits: u64 = ${hex(always)};`];
  const tests: string[] = [];
  const indexed = new Set<number>();
  if (indexes.length > 0) lines.push('let found: u64 = 0;');
  for (const index of indexes) {
    lines.push(`found |= ${foundBits(index, functions)};`);
    const decided = [...index.members].filter(([, rest]) => rest === TRUE).map(([bit]) => bit);
    if (decided.length > 0) lines.push(`bits |= found & ${hex(AS_BITS.of(decided))};`);
    for (const [bit, rest] of index.members) {
      indexed.add(bit);
      const mask = hex(AS_BITS.of([bit]));
      if (rest !== TRUE) tests.push(`if ((found & ${mask}) != 0 && ${emitter.root(rest, 1)}) bits |= ${mask};`);
    }
  }
  for (const [bit, condition] of conditions) {
    if (indexed.has(bit)) continue;
    const rule = number * 64 + bit;
    tests.push(
      `// rule ${rule}: ${oneLine(sources[rule]?.name ?? '')}`,
      `if (${emitter.root(condition, 1)}) bits |= ${hex(AS_BITS.of([bit]))};`,
    );
  }
  return [
    `/** Bit n: rule ${number * 64} + n can be true of events of the process. */`,
    `function candidates${number}(image: u32): u64 {`,
    ...[...lines, ...tests, 'return bits;'].map((line) => `  ${line}`),
    '}',
  ].join('\n');
}
