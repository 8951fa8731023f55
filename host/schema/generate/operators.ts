// The functions of rules-wasm as a table for the compiler, so that the type check knows their names and how many arguments they take.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportsOf } from '../runtime-exports.ts';

const RULES_WASM = join(import.meta.dirname, '../../../rules-wasm');

/** The text of host/compiler/ir/generated/operators.ts. */
export function operatorTable(): string {
  const files = readdirSync(RULES_WASM)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const entries = files.flatMap((file) => {
    return exportsOf(readFileSync(join(RULES_WASM, file), 'utf8')).flatMap(({ name, types }) => {
      if (!types) return [];
      const parameters = types.parameters.map((type) => `'${type}'`).join(', ');
      return `  ${name}: { parameters: [${parameters}], result: '${types.result}' },`;
    });
  });
  return `${[
    '// Generated from rules-wasm by `npm run schema`. Do not edit.',
    '',
    '/** The functions of rules-wasm that conditions may call, by name. */',
    'export const OPERATORS = {',
    ...entries,
    '} as const;',
  ].join('\n')}\n`;
}
