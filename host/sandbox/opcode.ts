// The description of a WebAssembly instruction: name, immediates, and the class that verify.ts uses to allow or refuse it.
// The rows of the opcode tables are written in these terms.

/** The immediates of an opcode. `unread`: instructions of a refused class, whose immediates are not needed. */
export type Immediates =
  | 'none'
  | 'block'
  | 'label'
  | 'labels'
  | 'function'
  | 'type-table'
  | 'types'
  | 'local'
  | 'global'
  | 'index'
  | 'index-index'
  | 'memarg'
  | 'memarg-lane'
  | 'memory'
  | 'lane'
  | 'i32'
  | 'i64'
  | 'bytes-4'
  | 'bytes-8'
  | 'bytes-16'
  | 'zero'
  | 'unread';

/** The effect of an instruction, as far as it matters to the sandbox. */
export const OPCODE_CLASSES = [
  'control',
  'call',
  'indirect-call',
  'tail-call',
  'exception',
  'reference',
  'gc',
  'local',
  'global-get',
  'global-set',
  'table',
  'load',
  'store',
  'memory-size',
  'memory-grow',
  'bulk',
  'atomic-load',
  'atomic-write',
  'atomic-wait',
  'fence',
  'constant',
  'numeric',
  'vector',
] as const;
export type OpcodeClass = (typeof OPCODE_CLASSES)[number];

export interface Opcode {
  readonly name: string;
  /** The first byte for one-byte opcodes, otherwise prefix * 0x1000 + number (0xfd00c is v128.const). */
  readonly code: number;
  readonly immediates: Immediates;
  readonly class: OpcodeClass;
  /** Index of the class in OPCODE_CLASSES: looking up by name took a third of the verifier's time. */
  readonly classIndex: number;
  /** Operands that it takes and leaves (stack-effect.ts). */
  readonly pops: number;
  readonly pushes: number;
}

/** A row of the tables: the first opcode, then the names of it and its successors (`-` is a gap), which share the rest. */
export type OpcodeRun = readonly [first: number, immediates: Immediates, class_: OpcodeClass, names: string];
