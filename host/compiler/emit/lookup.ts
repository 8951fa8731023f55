// Lookup of a text in a tree of constants, as code: a function that gives the number of the set of who needs what was found.

import type { TextIndex } from '../index/text-index.ts';
import { sizeOf, type TrieNode } from '../index/trie.ts';
import { compareWord, cover, hex } from './bytes.ts';
import type { Functions } from './functions.ts';

/** Who needs what a text was found to be or to begin with. */
export interface FoundSet {
  /** From 1; 0 is the empty set. */
  readonly number: number;
  readonly members: readonly number[];
}

export interface Lookup {
  /** The expression of the number of a set. */
  readonly call: string;
  readonly sets: readonly FoundSet[];
}

/** Nodes of a subtree that gets a function of its own, and how many functions may call each other. */
const OWN_FUNCTION = 48;
const MOST_FUNCTIONS_DEEP = 8;

export function emitLookup(index: TextIndex, functions: Functions): Lookup {
  const writer = new LookupWriter(functions, `find_${/^\w+/.exec(index.code)?.[0] ?? 'text'}`);
  const lines = writer.node(index.trie, [], 0);
  const name = functions.define(`lookup:${writer.name}:${lines.join('\n')}`, writer.name, (unique) =>
    [
      `// what ${index.members.size} rules need ${index.code} to be or to begin with`,
      `function ${unique}(text: u64): u32 {`,
      '  const at = addressOf(text);',
      '  const length = lengthOf(text);',
      ...lines.map((line) => `  ${line}`),
      '}',
    ].join('\n'),
  );
  return { call: `${name}(${index.code})`, sets: writer.sets };
}

class LookupWriter {
  readonly name: string;
  readonly #functions: Functions;
  readonly #sets = new Map<string, FoundSet>();

  constructor(functions: Functions, name: string) {
    this.#functions = functions;
    this.name = name;
  }

  get sets(): readonly FoundSet[] {
    return [...this.#sets.values()];
  }

  /** Statements that return, where the text is known to begin with the node's bytes. `found`: what ends above the node. */
  node({ prefix, begins, equals, children }: TrieNode, found: readonly number[], functionsDeep: number): string[] {
    const longer = [...found, ...begins];
    const rest = this.#set(longer);
    const lines: string[] = [];
    if (equals.length > 0 || children.length > 0) {
      lines.push(`if (length <= ${prefix.length}) return ${this.#set([...longer, ...equals])};`);
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
      return this.node(child, found, functionsDeep);
    const lines = this.node(child, found, functionsDeep + 1);
    const name = this.#functions.define(`lookup:${this.name}:${lines.join('\n')}`, `${this.name}_below`, (unique) =>
      [`function ${unique}(at: u32, length: u32): u32 {`, ...lines.map((line) => `  ${line}`), '}'].join('\n'),
    );
    return [`return ${name}(at, length);`];
  }

  /** Whether the bytes of the node from `from` on are not there; empty if there are none. */
  #absent(from: number, { prefix }: TrieNode): string {
    const words = cover(prefix.length - from).map(([offset, word]) =>
      compareWord('at', prefix, from + offset, word, false),
    );
    if (words.length === 0) return '';
    return `length < ${prefix.length} || ${words.map((word) => word.replace(' == ', ' != ')).join(' || ')}`;
  }

  #set(members: readonly number[]): number {
    if (members.length === 0) return 0;
    const sorted = [...new Set(members)].sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.#sets.get(key);
    if (known) return known.number;
    const number = this.#sets.size + 1;
    this.#sets.set(key, { number, members: sorted });
    return number;
  }
}
