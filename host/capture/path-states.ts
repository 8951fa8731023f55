// Beginnings and endings of paths as one table of states: the kernel walks from state to state byte by byte, forwards over
// a beginning and backwards over a last component, and collects the clauses of the visited states.

import { FILTER_ROOM, LONGEST_BEGINNING, PATH_STATE, type PathNeed } from '../schema/kernel-filter.ts';

const { STATES: MOST_STATES, CLASSES: BYTE_CLASSES } = FILTER_ROOM;
const { DEAD } = PATH_STATE;

const SLASH = 0x2f;

export interface PathStates {
  /** Class of each byte. Class 0 leads to DEAD from everywhere. */
  readonly classes: Uint8Array;
  /** Clauses that each state satisfies. */
  readonly accepted: BigUint64Array;
  /** Clauses that each state, or any later one, satisfies. */
  readonly possible: BigUint64Array;
  /** The next state, by state and class. */
  readonly next: Uint16Array;
  /** Clauses with a text of which nothing is left, so that any path satisfies them. Walks do not count their start. */
  readonly anyPath: bigint;
}

export interface PathClauses {
  readonly need: PathNeed;
  readonly clauses: bigint;
}

interface Node {
  accepted: bigint;
  readonly children: Map<number, Node>;
}

export function pathStates(needs: readonly PathClauses[]): PathStates {
  const classes = byteClasses(needs);
  // What is cut lets more pass.
  for (let length = LONGEST_BEGINNING; length > 0; length--) {
    const roots = treesOf(needs, classes, length);
    if (roots) return { classes, ...tableOf(roots), anyPath: roots[0].accepted | roots[1].accepted };
  }
  throw new Error('the first bytes of paths need more states than there are classes');
}

/** The slash, without which no beginning says anything, and the most frequent bytes have a class each, 63 in all. Texts are cut before others. */
function byteClasses(needs: readonly PathClauses[]): Uint8Array {
  const counts = new Map<number, number>([[SLASH, Number.POSITIVE_INFINITY]]);
  for (const text of needs.flatMap(({ need }) => [...need.beginnings, ...need.endings])) {
    for (const byte of Buffer.from(text, 'latin1')) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  }
  const common = [...counts].sort(([a, m], [b, n]) => n - m || a - b).slice(0, BYTE_CLASSES - 1);
  const classes = new Uint8Array(256);
  for (const [index, [byte]] of common.entries()) classes[byte] = index + 1;
  return classes;
}

/** Undefined for too many states: a manifest may require millions. */
function treesOf(
  needs: readonly PathClauses[],
  classes: Uint8Array,
  length: number,
): readonly [Node, Node] | undefined {
  const beginnings: Node = { accepted: 0n, children: new Map() };
  const endings: Node = { accepted: 0n, children: new Map() };
  // With that of DEAD.
  let states = 3;
  const add = (root: Node, bytes: Uint8Array, clauses: bigint): void => {
    let node = root;
    for (const byte of bytes.subarray(0, length)) {
      const byteClass = classes[byte] ?? 0;
      if (byteClass === 0) break;
      const known = node.children.get(byteClass);
      if (known) {
        node = known;
        continue;
      }
      const child: Node = { accepted: 0n, children: new Map() };
      node.children.set(byteClass, child);
      node = child;
      states++;
    }
    node.accepted |= clauses;
  };
  for (const { need, clauses } of needs) {
    for (const text of need.beginnings) {
      add(beginnings, Buffer.from(text, 'latin1'), clauses);
      if (states > MOST_STATES) return undefined;
    }
    for (const text of need.endings) {
      add(endings, Buffer.from(text, 'latin1').reverse(), clauses);
      if (states > MOST_STATES) return undefined;
    }
  }
  return [beginnings, endings];
}

function tableOf(roots: readonly [Node, Node]): Omit<PathStates, 'classes' | 'anyPath'> {
  const nodes: Node[] = [{ accepted: 0n, children: new Map() }, ...roots];
  const accepted: bigint[] = [];
  const next: number[] = [];
  for (let state = 0; state < nodes.length; state++) {
    const node = nodes[state];
    if (!node) break;
    accepted.push(node.accepted);
    const row = new Array<number>(BYTE_CLASSES).fill(DEAD);
    for (const [byteClass, child] of node.children) row[byteClass] = nodes.push(child) - 1;
    next.push(...row);
  }
  const possible = [...accepted];
  // Children have higher numbers than their parent.
  for (let state = nodes.length - 1; state > DEAD; state--) {
    for (const to of next.slice(state * BYTE_CLASSES, (state + 1) * BYTE_CLASSES)) {
      if (to !== DEAD) possible[state] = (possible[state] ?? 0n) | (possible[to] ?? 0n);
    }
  }
  return {
    accepted: BigUint64Array.from(accepted),
    possible: BigUint64Array.from(possible),
    next: Uint16Array.from(next),
  };
}
