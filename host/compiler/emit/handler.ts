// The code for events of one type: find the candidate rules, run the tests that exclude several rules at once, then evaluate the rest.
//
//   function on_open(event: u32): void {
//     const image = headerImageAddress(event);
//     const candidatesBase = image + candidatesOffset;
//     let word0: u64 = imageCandidates(candidatesBase, 0) & 0x207;
//     if ((word0) == 0) return;
//     // of 2 rules
//     if (!(i64(headerFd(event)) >= 0)) {
//       word0 &= 0xfffffffffffffff9;
//     }
//     if ((word0 & 0x207) != 0) {
//       if ((word0 & 0x1) != 0 && rule0_open(event, image)) match(0, event);
//       ...
//     }
//   }
//
// Many rules are evaluated in functions of their own: on_open_0_1(event, image, word0) has the second group of the first word, and
// on_open_found(event, image, ...) all that follows a lookup which found something. A function pays fuel for its longest path at each call, so that it
// must not hold what an event does not reach: with 100 rules in one, an open that none of them is about cost 2,554 units, and a batch of more than
// 1,000 was evaluated again with more fuel (host/sandbox/run.ts).

import { CANDIDATE_WORDS } from '../../schema/image.ts';
import type { Condition } from '../ir/condition.ts';
import type { RuleBody, TypeGroup } from '../plan/plan.ts';
import type { TextIndex } from '../plan/text-index.ts';
import { hex } from './bytes.ts';
import type { ConditionEmitter } from './condition.ts';
import type { Functions } from './functions.ts';
import { eachPlace, emitLookup, FoundSets, foundAtBeginning } from './lookup.ts';
import { emitSwitch } from './switch.ts';

/**
 * Up to this many rules have their bits tested one by one; with more, groups of this size are tested first, and evaluated in a function. A loop over
 * the set bits with a switch took 50 ns an event, this takes 43 (56 stock rules): the switch's jump is mispredicted.
 */
const GROUP = 8;

/** The module's constant with the offset of its candidate words, and the address that they are read from. */
export const CANDIDATES_OFFSET = 'candidatesOffset';
const CANDIDATES_BASE = 'candidatesBase';
const CANDIDATES_LINE = `const ${CANDIDATES_BASE} = image + ${CANDIDATES_OFFSET};`;

const ALL_BITS = 0xffffffffffffffffn;

export function handlerName({ types }: TypeGroup): string {
  const [first] = types;
  return `on_${first?.name}${types.length > 1 ? `_and_${types.length - 1}_more` : ''}`;
}

/** With more words than this, the rules of each word are evaluated in a separate function. */
const MOST_WORDS_INLINE = 4;

/** The functions of some event types. `names` has the functions of the bodies that have anything left to test. */
export function emitHandler(
  group: TypeGroup,
  names: ReadonlyMap<RuleBody, string>,
  emitter: ConditionEmitter,
  functions: Functions,
): string {
  functions.names('headerImageAddress');
  const words = new Map<number, RuleBody[]>();
  for (const body of group.bodies) {
    const members = words.get(body.rule >> 6);
    if (members) members.push(body);
    else words.set(body.rule >> 6, [body]);
  }
  const atBeginning = group.indexes.filter(({ anywhere }) => !anywhere);
  const found = new Set(atBeginning.flatMap(({ members }) => [...members.keys()]));
  const unfound = new Map(
    [...words].map(([word, bodies]) => [
      word,
      maskOf(bodies.map(({ rule }) => rule).filter((rule) => !found.has(rule))),
    ]),
  );
  const lookups = atBeginning.map((index) => lookUp(index, functions));
  const entry = lookups.map(({ declaration }) => declaration);
  const lines: string[] = [];
  // Most events find nothing and are of processes that none of the other rules is about: so far no word is kept.
  if (lookups.length > 0) {
    const nothing = lookups.map(({ name }) => `${name} == 0`).join(' && ');
    const others = [...unfound]
      .filter(([, mask]) => mask !== 0n)
      .map(([word, mask]) => `(${candidatesOf(word, mask, functions)})`);
    entry.push(`if (${nothing}${others.length === 0 ? '' : ` && (${others.join(' | ')}) == 0`}) return;`);
  }
  for (const [word, mask] of unfound) {
    lines.push(`let ${wordName(word)}: u64 = ${mask === 0n ? '0' : candidatesOf(word, mask, functions)};`);
  }
  lines.push(...lookups.flatMap(({ lines: added }) => added));
  const guards = emitGuards(group, emitter);
  if (guards.length > 0 && lookups.length === 0)
    lines.push(`if ((${[...words.keys()].map(wordName).join(' | ')}) == 0) return;`);
  lines.push(...guards);
  for (const index of group.indexes) if (index.anywhere) lines.push(...emitSearches(index, functions));
  const parts: string[] = [];
  for (const [word, bodies] of words) {
    const [name, bits] = [`${handlerName(group)}_${word}`, wordName(word)];
    const tries =
      bodies.length <= GROUP
        ? emitTries(bits, bodies, names)
        : chunks(bodies, GROUP).map((some, index) => {
            parts.push(emitPart(`${name}_${index}`, `${bits}: u64`, emitTries(bits, some, names)));
            const mask = hex(maskOf(some.map(({ rule }) => rule)));
            return `if ((${bits} & ${mask}) != 0) ${name}_${index}(event, image, ${bits});`;
          });
    if (words.size <= MOST_WORDS_INLINE) {
      lines.push(...tries);
      continue;
    }
    parts.push(emitPart(name, `${bits}: u64`, tries));
    lines.push(`if (${bits} != 0) ${name}(event, image, ${bits});`);
  }
  // What follows such a lookup is a function as well: an event that finds nothing does not pay for it.
  if (lookups.length > 0) {
    const sets = lookups.map(({ name }) => name);
    const found = `${handlerName(group)}_found`;
    parts.push(emitPart(found, sets.map((name) => `${name}: u32`).join(', '), [CANDIDATES_LINE, ...lines]));
    entry.push(`${found}(event, image, ${sets.join(', ')});`);
  } else {
    entry.push(...lines);
  }
  return [
    ...parts,
    [
      `// ${group.types.map((type) => type.name).join(', ')}: ${rulesText(group.bodies.length)}`,
      `function ${handlerName(group)}(event: u32): void {`,
      '  const image = headerImageAddress(event);',
      ...[CANDIDATES_LINE, ...entry].map((line) => `  ${line}`),
      '}',
    ].join('\n'),
  ].join('');
}

/** The rules in the mask that are candidates for the process. Rules beyond the candidate words always are. */
function candidatesOf(word: number, mask: bigint, functions: Functions): string {
  if (word >= CANDIDATE_WORDS) return hex(mask);
  functions.names('imageCandidates');
  return `imageCandidates(${CANDIDATES_BASE}, ${word}) & ${hex(mask)}`;
}

/**
 * Looks a text up, and adds the rules that need what was found:
 *
 *   const find_descriptorName_of_set = find_descriptorName_of(descriptorName(event));
 *   switch (find_descriptorName_of_set) {
 *     case 1:
 *       word0 |= imageCandidates(candidatesBase, 0) & 0x6;
 *       break;
 *   }
 */
function lookUp(index: TextIndex, functions: Functions) {
  const sets = new FoundSets();
  const { name: find, call } = foundAtBeginning(index, sets, functions);
  const name = `${find}_set`;
  return {
    name,
    declaration: `const ${name} = ${call};`,
    lines: switchOver(name, sets, (word, mask) => `${wordName(word)} |= ${candidatesOf(word, mask, functions)};`),
  };
}

/**
 * Removes the rules whose constants are not in the text, if any such rule is left:
 *
 *   if (((word0 & 0x30)) != 0) {
 *     let find_imageCmdline_word0: u64 = 0xffffffffffffffcf;
 *     const text = imageCmdline(image);
 *     for (...) {
 *       const found = find_imageCmdline(at, end - at);
 *       switch (found) { case 1: find_imageCmdline_word0 |= 0x10; break; ... }
 *     }
 *     word0 &= find_imageCmdline_word0;
 *   }
 */
function emitSearches(index: TextIndex, functions: Functions): readonly string[] {
  const sets = new FoundSets();
  const find = emitLookup(index, sets, functions);
  const masks = [...masksOf([...index.members.keys()])];
  const foundName = (word: number): string => `${find}_${wordName(word)}`;
  return [
    `if ((${masks.map(([word, mask]) => `(${wordName(word)} & ${hex(mask)})`).join(' | ')}) != 0) {`,
    ...masks.map(([word, mask]) => `  let ${foundName(word)}: u64 = ${hex(ALL_BITS & ~mask)};`),
    `  const text = ${functions.print(index.value)};`,
    ...eachPlace(index, 'text', functions, (at, length) => [
      `const found = ${find}(${at}, ${length});`,
      ...switchOver('found', sets, (word, mask) => `${foundName(word)} |= ${hex(mask)};`),
    ]).map((line) => `  ${line}`),
    ...masks.map(([word]) => `  ${wordName(word)} &= ${foundName(word)};`),
    '}',
  ];
}

/** The statements for the rules of each set that a lookup may find. */
function switchOver(set: string, sets: FoundSets, found: (word: number, mask: bigint) => string): readonly string[] {
  const cases = sets.all.map(([number, members]) => ({
    values: [Number(number)],
    lines: [...[...masksOf(members)].map(([word, mask]) => found(word, mask)), 'break;'],
  }));
  return emitSwitch(set, cases);
}

/** The bits of rules in each word. */
function masksOf(rules: readonly number[]): ReadonlyMap<number, bigint> {
  const words = new Map<number, bigint>();
  for (const rule of rules) words.set(rule >> 6, (words.get(rule >> 6) ?? 0n) | (1n << BigInt(rule & 63)));
  return words;
}

function rulesText(number: number): string {
  return number === 1 ? '1 rule' : `${number} rules`;
}

function wordName(word: number): string {
  return `word${word}`;
}

/** Tests that clear the bits of all rules that need them, those of the most rules first. */
function emitGuards(group: TypeGroup, emitter: ConditionEmitter): readonly string[] {
  const guards = new Map<string, { condition: Condition; bodies: RuleBody[] }>();
  for (const body of group.bodies) {
    for (const condition of body.guards) {
      const known = guards.get(condition.key);
      if (known) known.bodies.push(body);
      else guards.set(condition.key, { condition, bodies: [body] });
    }
  }
  const ordered = [...guards.values()].sort((a, b) => b.bodies.length - a.bodies.length);
  return ordered.flatMap(({ condition, bodies }) => {
    const masks = masksOf(bodies.map(({ rule }) => rule));
    const kept = [...masks].map(([word, mask]) => `${wordName(word)} &= ${hex(ALL_BITS & ~mask)};`);
    return [
      `// of ${rulesText(bodies.length)}`,
      `if (!(${emitter.emit(condition, 1)})) {`,
      ...kept.map((line) => `  ${line}`),
      '}',
    ];
  });
}

/** A function that does a part of the evaluation of an event. @param more of its parameters, with their types */
function emitPart(name: string, more: string, lines: readonly string[]): string {
  return [
    `function ${name}(event: u32, image: u32, ${more}): void {`,
    ...lines.map((line) => `  ${line}`),
    '}\n\n',
  ].join('\n');
}

/** Evaluates each rule whose bit is set. */
function emitTries(word: string, bodies: readonly RuleBody[], names: ReadonlyMap<RuleBody, string>): readonly string[] {
  return bodies.map((body) => {
    const bit = `(${word} & ${hex(maskOf([body.rule]))}) != 0`;
    const whole = names.has(body) ? `${bit} && ${names.get(body)}(event, image)` : bit;
    return `if (${whole}) match(${body.rule}, event);`;
  });
}

/** The bits of rules of one word. */
function maskOf(rules: readonly number[]): bigint {
  return rules.reduce((sum, rule) => sum | (1n << BigInt(rule & 63)), 0n);
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size));
}
