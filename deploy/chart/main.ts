// Writes the files of deploy/ that are made from others.
//
// usage: npm run -s chart

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT } from '../../host/setup/paths.mjs';
import { manifestsFiles, schemaFile, startKeysFile } from './files.ts';
import { helmProgram } from './helm.ts';

// Helm reads the first two, so these come first.
for (const make of [() => [schemaFile(), startKeysFile()], () => manifestsFiles(helmProgram())]) {
  for (const { path, text } of make()) {
    mkdirSync(dirname(join(PROJECT, path)), { recursive: true });
    writeFileSync(join(PROJECT, path), text);
  }
}
