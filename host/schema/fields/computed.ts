// The source of a field that a function computes; the function is named after the field.

import type { FieldSource } from '../types.ts';

/** `fd.dev.major` is computed by `fdDevMajor`, in rules-wasm/ for conditions and in host/fields/ for output. */
export function computed(field: string): FieldSource {
  return { from: 'computed', name: field.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase()) };
}
