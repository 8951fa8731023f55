// The key of a module in the cache: the compiler, the texts of the rule files and the selection, so that a start with known rules never loads
// the compiler.

import { existsSync, readFileSync } from 'node:fs';
import { contentHash } from '../../compiler/ir/content-hash.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { BUILD, PROJECT } from '../../setup/paths.mjs';
import { digestInputs } from '../../setup/stamp.mjs';
import type { RuleSelection } from './rule-selection.ts';

/** Everything that decides the compiler's output for given rules. */
const COMPILER_SOURCES = [
  'host/compiler',
  'host/diagnostics',
  'host/sandbox',
  'host/schema',
  'rules-wasm',
  'package-lock.json',
];

/** Below build/ of an installation: the digest of the sources that it was made from, which are bundled there. */
export const COMPILER_DIGEST_FILE = 'compiler.sha256';

/** SHA-256 of the compiler's sources, in hex. */
export function compilerDigest(): string {
  const file = `${BUILD}${COMPILER_DIGEST_FILE}`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : sourcesDigest();
}

/** The same, from the sources of a checkout. */
export function sourcesDigest(): string {
  return digestInputs(PROJECT, COMPILER_SOURCES);
}

/** The names of files count: a module has the places of its rules. */
export function moduleKey(files: readonly RuleFile[], selection: RuleSelection, compiler = compilerDigest()): string {
  return contentHash([compiler, ...files.flatMap((file) => [file.name, file.text]), JSON.stringify(selection)]);
}
