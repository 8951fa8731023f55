// Lookup of a text in a tree of constants, as code: a function that returns the number of the set of members whose constant was found.
// `ash` and `apache2`, among others, compile to
//
//   switch (load<u8>(at)) {
//     case 0x61: {
//       if (length <= 1) return 0;
//       switch (load<u8>(at, 1)) {
//         case 0x70: {
//           if (length < 7 || load<u32>(at, 2) != 0x65686361 || load<u8>(at, 6) != 0x32) return 0;
//           if (length <= 7) return 2;
//           return 0;
//         }
//         case 0x73: {
//           if (length < 3 || load<u8>(at, 2) != 0x68) return 0;
//           if (length <= 3) return 0x28;
//           return 0;
//         }
//       }
//       return 0;
//     }

import { accessorName } from '../../schema/fields/accessors.ts';
import { printValue } from '../ir/print-value.ts';
import { callFunction } from '../ir/value.ts';
import type { TextIndex } from '../plan/text-index.ts';
import { sizeOf, type TrieNode } from '../plan/trie.ts';
import { compareWord, cover, hex } from './bytes.ts';
import type { Functions } from './functions.ts';
import { emitSearch } from './search.ts';

/** How a lookup encodes the members that were found. */
export interface FoundNumbers {
  readonly type: 'u32' | 'u64';
  /** 0 for no members. */
  of(members: readonly number[]): bigint;
}

/** Members below 64 as bits. */
export const AS_BITS: FoundNumbers = {
  type: 'u64',
  of: (members) => members.reduce((sum, member) => sum | (1n << BigInt(member)), 0n),
};

/** Each set of members that may be found together gets a number, from 1. */
export class FoundSets implements FoundNumbers {
  readonly type = 'u32';
  readonly #sets = new Map<string, readonly number[]>();
  readonly #numbers = new Map<string, bigint>();

  of(members: readonly number[]): bigint {
    if (members.length === 0) return 0n;
    const sorted = [...new Set(members)].sort((a, b) => a - b);
    const key = sorted.join();
    const number = this.#numbers.get(key) ?? BigInt(this.#numbers.size + 1);
    this.#numbers.set(key, number);
    this.#sets.set(key, sorted);
    return number;
  }

  /** With their numbers. */
  get all(): readonly (readonly [number: bigint, members: readonly number[]])[] {
    return [...this.#sets].map(([key, members]) => [this.#numbers.get(key) ?? 0n, members]);
  }
}

/** From how many nodes on a subtree becomes a function, and how deep such functions may call each other. */
const OWN_FUNCTION = 48;
const MOST_FUNCTIONS_DEEP = 8;

/** Function `(at, length) -> number` that looks up what the bytes at an address begin with. Returns its name. */
export function emitLookup(index: TextIndex, numbers: FoundNumbers, functions: Functions): string {
  return new LookupWriter(functions, numbers, `find_${subject(index)}`).function(index.trie, describe(index), [], 0);
}

/** A function that looks up a text, and its call on the text of the index. */
export interface Found {
  readonly name: string;
  readonly call: string;
}

/** Returns the number of the set of members found at the beginning of the index's text. */
export function foundAtBeginning(index: TextIndex, numbers: FoundNumbers, functions: Functions): Found {
  const find = emitLookup(index, numbers, functions);
  functions.names('addressOf', 'lengthOf');
  const name = functions.define(`of:${find}`, `${find}_of`, (unique) =>
    [
      `function ${unique}(text: u64): ${numbers.type} {`,
      `  return ${find}(addressOf(text), lengthOf(text));`,
      '}',
    ].join('\n'),
  );
  return { name, call: functions.print(callFunction(name, index.value)) };
}

/** The expression of the bits of the members that a text finds. */
export function foundBits(index: TextIndex, functions: Functions): string {
  if (!index.anywhere) return foundAtBeginning(index, AS_BITS, functions).call;
  const find = emitLookup(index, AS_BITS, functions);
  const name = functions.define(`within:${find}`, `${find}_within`, (unique) =>
    [
      `function ${unique}(text: u64): u64 {`,
      '  let found: u64 = 0;',
      ...eachPlace(index, 'text', functions, (at, length) => [`found |= ${find}(${at}, ${length});`]).map(
        (line) => `  ${line}`,
      ),
      '  return found;',
      '}',
    ].join('\n'),
  );
  return functions.print(callFunction(name, index.value));
}

/** A loop over the places in the text of that name where a constant may begin. */
export function eachPlace(
  index: TextIndex,
  text: string,
  functions: Functions,
  body: (at: string, length: string) => readonly string[],
): readonly string[] {
  const search = emitSearch(index, functions);
  functions.names('addressOf', 'lengthOf');
  return [
    `for (let end = addressOf(${text}) + lengthOf(${text}), at = ${search}(${text}, end); at != 0; at = ${search}(${text}, at)) {`,
    ...body('at', 'end - at').map((line) => `  ${line}`),
    '}',
  ];
}

/** What an index is about, for a comment. */
function describe({ members, value, anywhere }: TextIndex): string {
  return `looked up for ${members.size}: what ${printValue(value)} ${anywhere ? 'contains' : 'is or begins with'}`;
}

/** A part of a function's name: what reads the text. */
function subject({ value }: TextIndex): string {
  switch (value.node) {
    case 'member':
      return accessorName(value.owner, value.name);
    case 'call':
      return value.operator;
    case 'function':
      return value.name;
    default:
      return 'text';
  }
}

class LookupWriter {
  readonly #name: string;
  readonly #numbers: FoundNumbers;
  readonly #functions: Functions;

  constructor(functions: Functions, numbers: FoundNumbers, name: string) {
    this.#functions = functions;
    this.#numbers = numbers;
    this.#name = name;
  }

  function(node: TrieNode, comment: string, found: readonly number[], functionsDeep: number): string {
    const lines = this.#node(node, found, functionsDeep);
    const name = functionsDeep === 0 ? this.#name : `${this.#name}_below`;
    const { type } = this.#numbers;
    return this.#functions.define(`lookup:${type}:${comment}:${lines.join('\n')}`, name, (unique) =>
      [
        `// ${comment}`,
        `function ${unique}(at: u32, length: u32): ${type} {`,
        ...lines.map((line) => `  ${line}`),
        '}',
      ].join('\n'),
    );
  }

  /** Statements that return, where the text is known to begin with the node's bytes. `found`: what ends above the node. */
  #node({ prefix, begins, equals, children }: TrieNode, found: readonly number[], functionsDeep: number): string[] {
    const longer = [...found, ...begins];
    const rest = this.#number(longer);
    const lines: string[] = [];
    if (equals.length > 0 || children.length > 0) {
      lines.push(`if (length <= ${prefix.length}) return ${this.#number([...longer, ...equals])};`);
    }
    const [only] = children;
    if (children.length === 1 && only) {
      lines.push(`if (${this.#absent(prefix.length, only)}) return ${rest};`);
      return [...lines, ...this.#below(only, longer, functionsDeep)];
    }
    if (children.length > 1) {
      const cases = children.flatMap((child) => {
        const differs = this.#absent(prefix.length + 1, child);
        return [
          `  case ${hex(BigInt(child.prefix.charCodeAt(prefix.length)))}: {`,
          ...(differs === '' ? [] : [`    if (${differs}) return ${rest};`]),
          ...this.#below(child, longer, functionsDeep).map((line) => `    ${line}`),
          '  }',
        ];
      });
      lines.push(`switch (load<u8>(at${prefix.length > 0 ? `, ${prefix.length}` : ''})) {`, ...cases, '}');
    }
    return [...lines, `return ${rest};`];
  }

  #below(child: TrieNode, found: readonly number[], functionsDeep: number): string[] {
    if (sizeOf(child) < OWN_FUNCTION || functionsDeep >= MOST_FUNCTIONS_DEEP)
      return this.#node(child, found, functionsDeep);
    const shown = JSON.stringify(child.prefix).replace(/[^\x20-\x7e]/g, '.');
    return [`return ${this.function(child, `behind ${shown}`, found, functionsDeep + 1)}(at, length);`];
  }

  /** The test that the text lacks the node's bytes from `from` on; empty if the node has none there. */
  #absent(from: number, { prefix }: TrieNode): string {
    const words = cover(prefix.length - from).map(([offset, word]) =>
      compareWord('at', prefix, from + offset, word, false, '!='),
    );
    if (words.length === 0) return '';
    return `length < ${prefix.length} || ${words.join(' || ')}`;
  }

  #number(members: readonly number[]): string {
    const number = this.#numbers.of(members);
    return number < 10n ? `${number}` : hex(number);
  }
}
