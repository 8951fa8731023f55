// Value and function types of a rule module: numbers and vectors. Reference types are refused when they are read.

import type { ByteReader } from './binary.ts';
import { SandboxError } from './error.ts';
import { MAX_PARAMETERS } from './limits.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Indexed by 0x7f - byte. */
const VALUE_TYPES: readonly ValueType[] = ['i32', 'i64', 'f32', 'f64', 'v128'];

/** A value type. Refuses references (funcref, externref and all others), which rules never need. */
export function readValueType(reader: ByteReader): ValueType {
  const offset = reader.offset;
  const byte = reader.byte();
  const type = VALUE_TYPES[0x7f - byte];
  if (type === undefined) {
    throw new SandboxError('forbidden-type', `value type 0x${byte.toString(16)} is not a number or vector`, { offset });
  }
  return type;
}

/** A vector of value types: parameters or results. */
export function readValueTypes(reader: ByteReader): ValueType[] {
  const offset = reader.offset;
  const count = reader.u32();
  if (count > MAX_PARAMETERS) {
    throw new SandboxError('limit', `${count} parameters or results, more than ${MAX_PARAMETERS}`, { offset });
  }
  return Array.from({ length: count }, () => readValueType(reader));
}

/** `(i32, i32) -> i64` */
export function formatFunctionType(type: FunctionType): string {
  const results = type.results.length === 0 ? '()' : type.results.join(', ');
  return `(${type.parameters.join(', ')}) -> ${results}`;
}
