// What source files import, by their texts.

import { dirname, join } from 'node:path';

/**
 * The paths that a source imports, `import type`, `export ... from`, `import()` and the types of JSDoc among them.
 * @returns relative to what `file` is relative to; packages are left out, and so are the imports of AssemblyScript in texts: they name no ending
 */
export function importsOf(file: string, source: string): string[] {
  const specifiers = source.matchAll(/\b(?:from|import)\s*(?:\(\s*)?(['"`])(\.\.?\/[^'"`]*\.(?:tsx?|mjs))\1/g);
  return [...specifiers].map(([, , path = '']) => join(dirname(file), path));
}
