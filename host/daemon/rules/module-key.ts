// The key of a module in the cache: the compiler, the texts of the rule files and the selection, so that a start with known rules never loads
// the compiler.

import { existsSync, readFileSync } from 'node:fs';
import { contentHash } from '../../compiler/ir/content-hash.ts';
import type { RuleFile } from '../../compiler/rules/load.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { BUILD, PROJECT } from '../../setup/paths.mjs';
import { digestInputs } from '../../setup/stamp.mjs';
import type { RuleSelection } from './rule-selection.ts';

/** Everything that decides the compiler's output for given rules. */
const COMPILER_SOURCES = [
  'host/compiler',
  'host/daemon/rules',
  'host/diagnostics',
  'host/sandbox',
  'host/schema',
  'rules-wasm',
  'package-lock.json',
];

/** Below build/ of an installation: the digest of the sources that it was made from, which are bundled there. */
export const COMPILER_DIGEST_FILE = 'compiler.sha256';

/**
 * SHA-256 of the compiler's sources, in hex.
 * @throws {CommandFailure} where these are bundled and the digest is missing: modules of another version would be taken for this one's
 */
export function compilerDigest(): string {
  if (existsSync(`${PROJECT}host/compiler/compile.ts`)) return sourcesDigest();
  const path = `${BUILD}${COMPILER_DIGEST_FILE}`;
  let digest = '';
  try {
    digest = readFileSync(path, 'utf8').trim();
  } catch {
    // It is missing, or no file.
  }
  if (!/^[0-9a-f]{64}$/.test(digest))
    throw new CommandFailure(`${path} does not hold the digest of the compiler`, 'install Wasprey again');
  return digest;
}

/** SHA-256 of the compiler's sources in a checkout, in hex. */
export function sourcesDigest(): string {
  return digestInputs(PROJECT, COMPILER_SOURCES);
}

/**
 * The names of files count: a module has the places of its rules.
 * @param compiler its digest
 */
export function moduleKey(files: readonly RuleFile[], selection: RuleSelection, compiler: string): string {
  return contentHash([compiler, ...files.flatMap((file) => [file.name, file.text]), JSON.stringify(selection)]);
}
