// Tests that compare two values of the event with each other: `proc.name = val(proc.pname)`, `fd.name startswith concat(...)`. They
// compile to a function that reads both sides byte by byte, since neither needs to be contiguous:
//
//   function pair(image: u32): bool {
//     const n = side_length(image);
//     const m = side_2_length(image);
//     if (n < 0 || m < 0) return false;
//     if (n != m) return false;
//     for (let i = 0; i < n; ++i) if (!(side_byte(image, i) == side_2_byte(image, i))) return false;
//     return true;
//   }

import type { Test } from '../ir/condition.ts';
import { callFunction, type Value } from '../ir/value.ts';
import { type Functions, indented, type Parameters, parametersFor } from './functions.ts';
import { pairProgram } from './pair-programs.ts';
import { emitSide } from './side.ts';

/**
 * The comparison. False if either side is absent.
 * @param given the parameters of the function and of the left side; default: the event and the image
 */
export function emitPair(
  test: Extract<Test, { test: 'pair' }>,
  functions: Functions,
  given?: { readonly whole: Parameters; readonly left: Parameters },
): Value {
  const left = emitSide(test.left, functions, given?.left);
  const right = emitSide(test.right, functions);
  const { declared, passed } = given?.whole ?? parametersFor(test.scope);
  if (test.operator === 'icontains' || test.operator === 'iglob') functions.names('lowerByte');
  const name = functions.define(`${declared}:${test.key}`, 'pair', (unique) =>
    [
      `function ${unique}(${declared}): bool {`,
      `  const n = ${functions.print(left.length)};`,
      `  const m = ${functions.print(right.length)};`,
      '  if (n < 0 || m < 0) return false;',
      ...indented(pairProgram(test.operator, left.byteAt, right.byteAt)),
      '}',
    ].join('\n'),
  );
  return callFunction(name, ...passed);
}
