// Looks up instructions by prefix and number. Opcodes outside of the tables are unknown, and refused.
// The tables themselves are opcodes-core.ts, opcodes-vector.ts and opcodes-atomic.ts.

import { OPCODE_CLASSES, type Opcode, type OpcodeRun } from './opcode.ts';
import { ATOMIC_OPCODES } from './opcodes-atomic.ts';
import { BULK_OPCODES, CORE_OPCODES } from './opcodes-core.ts';
import { VECTOR_OPCODES } from './opcodes-vector.ts';
import { stackEffectOf } from './stack-effect.ts';

/** The prefix bytes. 0xfb (garbage-collected types) has no table: the whole of it is refused. */
export const PREFIXES = { gc: 0xfb, bulk: 0xfc, vector: 0xfd, atomic: 0xfe } as const;

function expand(prefix: number, runs: readonly OpcodeRun[]): readonly (Opcode | undefined)[] {
  const table: (Opcode | undefined)[] = [];
  for (const [first, immediates, class_, names] of runs) {
    let number = first;
    for (const name of names.trim().split(/\s+/)) {
      if (name !== '-') {
        if (table[number] !== undefined) throw new Error(`opcode tables overlap at ${name}`);
        table[number] = {
          name,
          code: prefix === 0 ? number : prefix * 0x1000 + number,
          immediates,
          class: class_,
          classIndex: OPCODE_CLASSES.indexOf(class_),
          ...stackEffectOf(name, class_, immediates),
        };
      }
      number++;
    }
  }
  // No holes: V8 looks dense arrays up faster.
  return Array.from(table);
}

const CORE = expand(0, CORE_OPCODES);
const BULK = expand(PREFIXES.bulk, BULK_OPCODES);
const VECTOR = expand(PREFIXES.vector, VECTOR_OPCODES);
const ATOMIC = expand(PREFIXES.atomic, ATOMIC_OPCODES);

/** The instruction of a one-byte opcode; undefined for prefixes and unknown ones. */
export function coreOpcode(byte: number): Opcode | undefined {
  return CORE[byte];
}

/** The table of a prefix byte; undefined if the byte is not a prefix that has one. */
export function prefixedOpcodes(prefix: number): readonly (Opcode | undefined)[] | undefined {
  switch (prefix) {
    case PREFIXES.bulk:
      return BULK;
    case PREFIXES.vector:
      return VECTOR;
    case PREFIXES.atomic:
      return ATOMIC;
    default:
      return undefined;
  }
}

/** Codes that the verifier and the instrumentation check individually. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32Sub: 0x6b,
} as const;
