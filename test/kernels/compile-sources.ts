// Has Node load sources, evaluating none, so that what it compiles of them is in its compile cache: for guests, where a process that finds
// one of them missing there takes seconds for the program that strips types.
//
// usage: test/kernels/compile-sources.ts FILE...     with NODE_COMPILE_CACHE set; paths in the project

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BUILD, PROJECT } from '../../host/setup/paths.mjs';

const LOADED = 'all is loaded';

const folder = join(BUILD, 'kernels');
const all = join(folder, 'all-sources.mjs');
const imports = process.argv
  .slice(2)
  .map((file) => `import ${JSON.stringify(pathToFileURL(join(PROJECT, file)).href)};\n`);
mkdirSync(folder, { recursive: true });
// Modules are evaluated in their order, when all of them are loaded. The first ends that, so that no other is evaluated.
writeFileSync(join(folder, 'loaded.mjs'), `throw new Error(${JSON.stringify(LOADED)});\n`);
writeFileSync(all, ["import './loaded.mjs';\n", ...imports].join(''));
try {
  await import(all);
} catch (error) {
  if (!(error instanceof Error && error.message === LOADED)) throw error;
}
