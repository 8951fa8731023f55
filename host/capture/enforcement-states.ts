// Tests of names as one table of states: the kernel walks over a text from state to state byte by byte, forwards for equal texts and
// beginnings, backwards for endings, and collects the tests that hold (native/bpf/enforce_decide.h). Nothing is cut: it decides exactly.

/** The same as in native/bpf/enforce_tables.h. */
export const MOST_ENFORCED_STATES = 4096;
export const ENFORCED_CLASSES = 128;
/** In the order of ENFORCE_PATH and so on; the last two are of the acting process. */
export const ENFORCED_TEXTS = [
  'path',
  'directory',
  'resolved',
  'executable',
  'name',
  'running',
  'running-file',
] as const;
export type EnforcedText = (typeof ENFORCED_TEXTS)[number];

const DEAD = 0;

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
  /** By byte: its class; those of class 0 are in no text. */
  readonly classes: Uint8Array;
  /** By state: tests that hold once a walk comes by, and if the text ends there. */
  readonly passed: BigUint64Array;
  readonly ended: BigUint64Array;
  /** By state and class: the next state. */
  readonly next: Uint16Array;
}

interface Node {
  passed: bigint;
  ended: bigint;
  readonly children: Map<number, Node>;
}

/** Undefined if the texts need more states, or have more different bytes, than the table has room for. */
export function enforcedStates(tests: readonly TextTest[]): EnforcedStates | undefined {
  const classes = byteClasses(tests);
  if (!classes) return undefined;
  const roots = ENFORCED_TEXTS.flatMap(() => [newNode(), newNode()]);
  for (const { of, equal, beginnings, endings, bit } of tests) {
    const [forwards, backwards] = roots.slice(2 * ENFORCED_TEXTS.indexOf(of));
    if (!forwards || !backwards) continue;
    for (const text of equal) nodeAt(forwards, bytesOf(text), classes).ended |= bit;
    for (const text of beginnings) nodeAt(forwards, bytesOf(text), classes).passed |= bit;
    for (const text of endings) nodeAt(backwards, bytesOf(text).reverse(), classes).passed |= bit;
  }
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
  if (bytes.size >= ENFORCED_CLASSES) return undefined;
  const classes = new Uint8Array(256);
  for (const [index, byte] of [...bytes].entries()) classes[byte] = index + 1;
  return classes;
}

function nodeAt(root: Node, bytes: Uint8Array, classes: Uint8Array): Node {
  let node = root;
  for (const byte of bytes) {
    const byteClass = classes[byte] ?? 0;
    const child = node.children.get(byteClass) ?? newNode();
    node.children.set(byteClass, child);
    node = child;
  }
  return node;
}

/** The dead state, then the roots in their order, then all others. */
function tableOf(nodes: Node[], classes: Uint8Array): EnforcedStates | undefined {
  const next = new Uint16Array(MOST_ENFORCED_STATES * ENFORCED_CLASSES).fill(DEAD);
  for (let state = 0; state < nodes.length; state++) {
    if (nodes.length > MOST_ENFORCED_STATES) return undefined;
    for (const [byteClass, child] of nodes[state]?.children ?? [])
      next[state * ENFORCED_CLASSES + byteClass] = nodes.push(child) - 1;
  }
  if (nodes.length > MOST_ENFORCED_STATES) return undefined;
  return {
    classes,
    passed: BigUint64Array.from(nodes, ({ passed }) => passed),
    ended: BigUint64Array.from(nodes, ({ ended }) => ended),
    next,
  };
}
