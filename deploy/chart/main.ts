// Writes the files of deploy/ that are made from others.
//
// usage: npm run -s chart

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import { manifestsFile, schemaFile } from './files.ts';
import { helmProgram } from './helm.ts';

// Helm checks values by the schema, so that comes first.
for (const make of [schemaFile, () => manifestsFile(helmProgram())]) {
  const { path, text } = make();
  mkdirSync(dirname(join(PROJECT, path)), { recursive: true });
  writeFileSync(join(PROJECT, path), text);
}
