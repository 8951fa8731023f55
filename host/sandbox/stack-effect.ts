// The numbers of operands that an instruction pops and pushes, derived from its name. Tests compare each opcode with V8.
// The numbers of blocks, branches and calls depend on more than the opcode: compile-cost.ts has them.

import type { Immediates, OpcodeClass } from './opcode.ts';

export interface StackEffect {
  readonly pops: number;
  readonly pushes: number;
}

/** Instructions by the part of the name behind the dot, up to its first underscore where the rest has only types and signs. */
const TERNARY = /^(bitselect|relaxed_n?madd|relaxed_laneselect|relaxed_dot_.*_add_s)$/;
const BINARY =
  /^(eq|ne|lt|gt|le|ge|add|sub|mul|div|rem|and|andnot|or|xor|shl|shr|rotl|rotr|p?min|p?max|copysign|avgr|swizzle|shuffle|replace_lane|narrow|extmul|dot|q15mulr|relaxed_(swizzle|min|max|q15mulr|dot))(_|$)/;

const EFFECTS: Readonly<Partial<Record<string, StackEffect>>> = {
  nop: { pops: 0, pushes: 0 },
  if: { pops: 1, pushes: 0 },
  br_if: { pops: 1, pushes: 0 },
  br_table: { pops: 1, pushes: 0 },
  drop: { pops: 1, pushes: 0 },
  select: { pops: 3, pushes: 1 },
  select_t: { pops: 3, pushes: 1 },
  'local.get': { pops: 0, pushes: 1 },
  'local.set': { pops: 1, pushes: 0 },
  'local.tee': { pops: 1, pushes: 1 },
};

export function stackEffectOf(name: string, class_: OpcodeClass, immediates: Immediates): StackEffect {
  const known = EFFECTS[name];
  if (known) return known;
  switch (class_) {
    case 'constant':
    case 'global-get':
    case 'memory-size':
      return { pops: 0, pushes: 1 };
    case 'load':
    case 'atomic-load':
      // With a lane, it is loaded into a vector.
      return { pops: immediates === 'memarg-lane' ? 2 : 1, pushes: 1 };
    case 'numeric':
    case 'vector':
      return { pops: operandsOf(name.slice(name.indexOf('.') + 1)), pushes: 1 };
    default:
      return { pops: 0, pushes: 0 };
  }
}

function operandsOf(operation: string): number {
  if (TERNARY.test(operation)) return 3;
  return BINARY.test(operation) ? 2 : 1;
}
