// Constants as a tree of their common beginnings: one walk over a text finds all that it is or begins with.

import type { Bytes } from '../ir/text.ts';
import type { TextConstant } from './text-need.ts';

/** A constant and the number of the member that needs it. */
export interface TrieEntry {
  readonly constant: TextConstant;
  readonly member: number;
}

export interface TrieNode {
  /** All bytes from the root. */
  readonly prefix: Bytes;
  /** Members whose constant ends here and that need the text to begin with it. */
  readonly begins: readonly number[];
  /** Members that need it to be the whole text. */
  readonly equals: readonly number[];
  /** Children by their first byte behind `prefix`. */
  readonly children: readonly TrieNode[];
}

/** Branches on the way to a node: they are nested blocks of a module's code. */
const DEEPEST = 40;

/** Below a node where a text that begins with its constant may end: the members are named at each of them. */
const MOST_BELOW = 48;

export function buildTrie(entries: readonly TrieEntry[]): TrieNode {
  const sorted = [...entries].sort((a, b) => order(a.constant.bytes, b.constant.bytes));
  return nodeOf('', sorted);
}

function order(a: Bytes, b: Bytes): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param entries sorted, and all of them begin with the prefix */
function nodeOf(prefix: Bytes, entries: readonly TrieEntry[]): TrieNode {
  const groups = new Map<number, TrieEntry[]>();
  const begins = new Set<number>();
  const equals = new Set<number>();
  for (const entry of entries) {
    const { bytes, whole } = entry.constant;
    if (bytes.length === prefix.length) (whole ? equals : begins).add(entry.member);
    else {
      const byte = bytes.charCodeAt(prefix.length);
      const group = groups.get(byte);
      if (group) group.push(entry);
      else groups.set(byte, [entry]);
    }
  }
  const children = [...groups.values()].map((group) => nodeOf(commonPrefix(group), group));
  return { prefix, begins: [...begins], equals: [...equals], children };
}

/** The common prefix of sorted constants: that of the first and the last. */
function commonPrefix(entries: readonly TrieEntry[]): Bytes {
  const first = entries[0]?.constant.bytes ?? '';
  const last = entries.at(-1)?.constant.bytes ?? '';
  let length = 0;
  while (length < first.length && length < last.length && first[length] === last[length]) length++;
  return first.slice(0, length);
}

/** The trie of the same constants, needed by other members. */
export function renumbered(node: TrieNode, number: (member: number) => number): TrieNode {
  const each = (members: readonly number[]): number[] => [...new Set(members.map(number))];
  const children = node.children.map((child) => renumbered(child, number));
  return { ...node, begins: each(node.begins), equals: each(node.equals), children };
}

export function sizeOf(node: TrieNode): number {
  return node.children.reduce((sum, child) => sum + sizeOf(child), 1);
}

/** Members that would make the code of the tree too deep or too long. */
export function unsuitable(node: TrieNode, depth = 0): ReadonlySet<number> {
  const found = new Set<number>();
  if (depth > DEEPEST) for (const member of [...node.begins, ...node.equals]) found.add(member);
  if (node.begins.length > 0 && sizeOf(node) > MOST_BELOW) for (const member of node.begins) found.add(member);
  for (const child of node.children) for (const member of unsuitable(child, depth + 1)) found.add(member);
  return found;
}
