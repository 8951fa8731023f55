// `npm run schema`: writes the generated files; `--check` writes nothing and fails if one is stale.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from './files.ts';

const root = join(import.meta.dirname, '../../..');
const check = process.argv.includes('--check');
let stale = 0;
for (const { path, text } of generatedFiles()) {
  const file = join(root, path);
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // not there yet: stale
  }
  if (present === text) continue;
  stale++;
  if (check) {
    process.stderr.write(`stale: ${path}; run \`npm run schema\`\n`);
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
process.exitCode = check && stale > 0 ? 1 : 0;
