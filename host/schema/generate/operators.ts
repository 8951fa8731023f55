// The functions of rules-wasm as a table for the compiler, so that the type check knows their names and how many arguments they take.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const RULES_WASM = join(import.meta.dirname, '../../../rules-wasm');

/** The text of host/compiler/ir/generated/operators.ts. */
export function operatorTable(): string {
  const files = readdirSync(RULES_WASM)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const entries = files.flatMap((file) => {
    const text = readFileSync(join(RULES_WASM, file), 'utf8');
    return [...text.matchAll(/^(?:@inline )?export function (\w+)\((.*)\): (\w+) \{$/gm)].map(
      ([, name = '', parameters = '', result = '']) => {
        const types = [...parameters.matchAll(/: (\w+)/g)].map(([, type = '']) => `'${type}'`);
        return `  ${name}: { parameters: [${types.join(', ')}], result: '${result}' },`;
      },
    );
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
