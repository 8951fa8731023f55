// Tests of a process's ancestors as code. `proc.aname = sshd` as the first one of a module compiles to
//
//   function anyAncestor(process: u32): bool {
//     const known = ancestry(process, ancestryOffset, 0);
//     if (known != 0) return (known & 0x1) != 0;
//     let image = imageParentAddress(process);
//     for (let depth: u32 = 0; image != 0 && depth < MAX_ANCESTORS; ++depth) {
//       if (equals_sshd(imageComm(image))) return true;
//       const inherited = ancestry(image, ancestryOffset, 0);
//       if (inherited != 0) return (inherited & 0x1) != 0;
//       image = imageParentAddress(image);
//     }
//     return false;
//   }
//
// The host asks once for the ancestry words of each process, of parents first, and keeps them in its image. Events then read a bit, and the
// answer for a new process takes one step.

import { ANCESTRY_BITS, ANCESTRY_COUNT, ANCESTRY_KNOWN, ANCESTRY_TESTS, ANCESTRY_WORDS } from '../../schema/image.ts';
import { hex } from './bytes.ts';
import type { Functions } from './functions.ts';

/** The module's constant with the place of its ancestry words in a process image; 0: it has none. */
export const ANCESTRY_OFFSET = 'ancestryOffset';

/** The tests of ancestors that have a bit, in order. */
export class AncestryTests {
  readonly #names: string[] = [];

  /** Defines the function that tests ancestors for a condition, whose `code` is an expression of `image`, and returns its name. */
  define(key: string, code: () => string, functions: Functions): string {
    return functions.define(key, 'anyAncestor', (name) => {
      const number = this.#names.length;
      const hasBit = number < ANCESTRY_TESTS * ANCESTRY_WORDS;
      if (hasBit) {
        this.#names.push(name);
        functions.names('ancestry');
      }
      const mask = hex(1n << BigInt(number % ANCESTRY_TESTS));
      const known = (word: string, process: string): readonly string[] =>
        hasBit
          ? [
              `const ${word} = ancestry(${process}, ${ANCESTRY_OFFSET}, ${Math.floor(number / ANCESTRY_TESTS)});`,
              `if (${word} != 0) return (${word} & ${mask}) != 0;`,
            ]
          : [];
      return walk(name, '', code(), known('known', 'process'), known('inherited', 'image'), functions);
    });
  }

  get isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** The cases of `candidates` that return the ancestry words, and their functions. */
  get words(): { readonly cases: readonly string[]; readonly functions: readonly string[] } {
    const count = Math.ceil(this.#names.length / ANCESTRY_TESTS);
    if (count === 0) return { cases: [], functions: [] };
    const numbers = [...Array(count).keys()];
    return {
      cases: [
        `case ${ANCESTRY_COUNT}: return ${count};`,
        ...numbers.map((word) => `case ${ANCESTRY_BITS + word}: return ancestry${word}(process);`),
      ],
      functions: numbers.map((word) =>
        [
          '/** Bit n: an ancestor of the process meets that test. */',
          `function ancestry${word}(process: u32): u64 {`,
          `  let bits: u64 = ${hex(ANCESTRY_KNOWN)};`,
          ...this.#names
            .slice(word * ANCESTRY_TESTS, (word + 1) * ANCESTRY_TESTS)
            .map((name, bit) => `  if (${name}(process)) bits |= ${hex(1n << BigInt(bit))};`),
          '  return bits;',
          '}',
        ].join('\n'),
      ),
    };
  }
}

/** Defines the function for a condition of the ancestor and the event, and returns its name. */
export function defineWithEvent(key: string, code: () => string, functions: Functions): string {
  return functions.define(key, 'anyAncestor', (name) => walk(name, 'event: u32, ', code(), [], [], functions));
}

/** @param known, inherited lines for the process, and for an ancestor that does not meet the condition */
function walk(
  name: string,
  event: string,
  condition: string,
  known: readonly string[],
  inherited: readonly string[],
  functions: Functions,
): string {
  functions.names('imageParentAddress', 'MAX_ANCESTORS');
  return [
    `function ${name}(${event}process: u32): bool {`,
    ...known.map((line) => `  ${line}`),
    '  let image = imageParentAddress(process);',
    '  for (let depth: u32 = 0; image != 0 && depth < MAX_ANCESTORS; ++depth) {',
    `    if (${condition}) return true;`,
    ...inherited.map((line) => `    ${line}`),
    '    image = imageParentAddress(image);',
    '  }',
    '  return false;',
    '}',
  ].join('\n');
}
