// Tests of names as one table of states: the kernel walks over a text from state to state byte by byte, from its end to its beginning, and
// collects the tests that hold (native/bpf/enforce/enforce_decide.h). Nothing is cut: it decides exactly.

import {
  ENFORCE_DEAD as DEAD,
  ENFORCE_ROOM,
  ENFORCED_TEXTS,
  type EnforcedText,
} from '../schema/tables/enforcement-tables.ts';

const { STATES: MOST_STATES, CLASSES: BYTE_CLASSES } = ENFORCE_ROOM;

/** Texts of a test, as bytes: characters 0 to 255. */
export interface TextTest {
  readonly of: EnforcedText;
  readonly equal: readonly string[];
  readonly beginnings: readonly string[];
  readonly endings: readonly string[];
  /** The bit that is set where it holds. */
  readonly bit: bigint;
}

export interface EnforcedStates {
  /** Class of each byte; those of class 0 are in no test. */
  readonly classes: Uint8Array;
  /** Tests that hold once a walk comes by each state, and if the text begins there. */
  readonly passed: BigUint64Array;
  readonly ended: BigUint64Array;
  /** The next state, by state and class. */
  readonly next: Uint16Array;
}

interface Node {
  passed: bigint;
  ended: bigint;
  readonly children: Map<number, Node>;
  /** Where a walk goes on by bytes that no child has: of beginnings, to the longest part that may still become one. Default: it is dead. */
  otherwise?: Node;
}

/** Undefined if the texts need more states, or have more different bytes, than the table has room for. */
export function enforcedStates(tests: readonly TextTest[]): EnforcedStates | undefined {
  const classes = byteClasses(tests);
  if (!classes) return undefined;
  const roots = ENFORCED_TEXTS.flatMap(() => [newNode(), newNode()]);
  for (const { of, equal, beginnings, endings, bit } of tests) {
    const [ending, beginning] = roots.slice(2 * ENFORCED_TEXTS.indexOf(of));
    if (!ending || !beginning) continue;
    for (const text of equal) nodeAt(ending, text, classes).ended |= bit;
    for (const text of endings) nodeAt(ending, text, classes).passed |= bit;
    for (const text of beginnings) nodeAt(beginning, text, classes).ended |= bit;
  }
  const beginnings = roots.filter((_, index) => index % 2 === 1);
  for (const root of beginnings) linkParts(root);
  return tableOf([newNode(), ...roots], classes);
}

function newNode(): Node {
  return { passed: 0n, ended: 0n, children: new Map() };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function byteClasses(tests: readonly TextTest[]): Uint8Array | undefined {
  const bytes = new Set(
    tests.flatMap(({ equal, beginnings, endings }) =>
      [...equal, ...beginnings, ...endings].flatMap((text) => [...bytesOf(text)]),
    ),
  );
  if (bytes.size >= BYTE_CLASSES) return undefined;
  const classes = new Uint8Array(256);
  for (const [index, byte] of [...bytes].entries()) classes[byte] = index + 1;
  return classes;
}

/** The node that a walk from the end of a text ends at, made if it is not there. */
function nodeAt(root: Node, text: string, classes: Uint8Array): Node {
  let node = root;
  for (const byte of bytesOf(text).reverse()) {
    const byteClass = classes[byte] ?? 0;
    const child = node.children.get(byteClass) ?? newNode();
    node.children.set(byteClass, child);
    node = child;
  }
  return node;
}

/** Lets a walk find texts wherever they begin, as Aho and Corasick do: the nodes near the root first. */
function linkParts(root: Node): void {
  root.otherwise = root;
  const nodes = [root];
  for (const node of nodes) {
    for (const [byteClass, child] of node.children) {
      child.otherwise = node === root ? root : stepFrom(node.otherwise ?? root, byteClass);
      child.ended |= child.otherwise.ended;
      nodes.push(child);
    }
  }
}

function stepFrom(node: Node, byteClass: number): Node {
  const child = node.children.get(byteClass);
  const { otherwise = node } = node;
  return child ?? (otherwise === node ? node : stepFrom(otherwise, byteClass));
}

/** The dead state, then the roots in their order, then all others: those near their root first. */
function tableOf(nodes: Node[], classes: Uint8Array): EnforcedStates | undefined {
  const next = new Uint16Array(MOST_STATES * BYTE_CLASSES).fill(DEAD);
  const rowOf = (state: number): Uint16Array => next.subarray(state * BYTE_CLASSES, (state + 1) * BYTE_CLASSES);
  const states = new Map(nodes.map((node, state) => [node, state]));
  for (let state = 0; state < nodes.length; state++) {
    if (nodes.length > MOST_STATES) return undefined;
    const { children = new Map<number, Node>(), otherwise } = nodes[state] ?? {};
    const row = rowOf(state);
    const other = otherwise && states.get(otherwise);
    if (other === state) row.fill(state);
    else if (other !== undefined) row.set(rowOf(other));
    for (const [byteClass, child] of children) {
      row[byteClass] = nodes.push(child) - 1;
      states.set(child, row[byteClass]);
    }
  }
  if (nodes.length > MOST_STATES) return undefined;
  return {
    classes,
    passed: BigUint64Array.from(nodes, ({ passed }) => passed),
    ended: BigUint64Array.from(nodes, ({ ended }) => ended),
    next,
  };
}
