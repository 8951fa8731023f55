// The parts of rules-wasm/ that a module's source names. With the one rule `evt.type = open and proc.name = bash` it begins with
//
//   import { headerType, headerImageAddress, imageComm, imageCandidates } from './rules-wasm/generated/accessors';
//   import { addressOf, lengthOf } from './rules-wasm/text';
//   import { nextView } from './rules-wasm/view';

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportsOf } from '../../schema/runtime-exports.ts';
import { PROJECT } from '../../setup/paths.mjs';

/** Where the operators are: AssemblyScript that modules are made from. */
const OPERATORS_DIRECTORY = `${PROJECT}rules-wasm`;

/** How a module's source names that directory. */
export const OPERATORS_PATH = './rules-wasm';

/** Path within the directory, without extension -> text. */
export function readOperators(): ReadonlyMap<string, string> {
  const files = readdirSync(OPERATORS_DIRECTORY, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return new Map(
    files.sort().map((file) => [file.replace(/\.ts$/, ''), readFileSync(join(OPERATORS_DIRECTORY, file), 'utf8')]),
  );
}

/**
 * Import statements for these names.
 * @throws Error if rules-wasm does not export one of them
 */
export function runtimeImports(names: ReadonlySet<string>): readonly string[] {
  const statements: string[] = [];
  const missing = new Set(names);
  for (const [file, text] of readOperators()) {
    const used = exportsOf(text)
      .map(({ name }) => name)
      .filter((name) => names.has(name));
    for (const name of used) missing.delete(name);
    if (used.length > 0) statements.push(`import { ${used.join(', ')} } from '${OPERATORS_PATH}/${file}';`);
  }
  if (missing.size > 0) throw new Error(`rules-wasm does not export ${[...missing].join(', ')}`);
  return statements;
}
