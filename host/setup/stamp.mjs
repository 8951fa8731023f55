// Stamps: a built thing is up to date while the content of everything it was made from is what it was, by hash.
// Times of files, which make goes by, change with a checkout or a copy; and make takes 30 ms to find nothing to do, this 8.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param {string} root folder that the inputs are relative to
 * @param {readonly string[]} inputs files, and folders that are taken with all that is in them; absent ones count as absent
 * @param {readonly string[]} [facts] other things the result depends on
 * @returns {string} SHA-256 of names and contents, in hex
 */
export function digestInputs(root, inputs, facts = []) {
  const hash = createHash('sha256');
  // Lengths before contents, so that no two sets of inputs give the same bytes.
  const add = (/** @type {string} */ name, /** @type {string | Buffer} */ content) =>
    hash.update(`${name}\0${content.length}\0`).update(content);
  for (const fact of facts) add('fact', fact);
  for (const input of [...inputs].sort()) {
    for (const path of filesBelow(root, input)) add(path, readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string[]} the files at or below the path, relative to root, in the same order everywhere
 */
function filesBelow(root, path) {
  const kind = statSync(join(root, path), { throwIfNoEntry: false });
  if (!kind?.isDirectory()) return kind ? [path] : [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  // By code units, as sort() does without a comparison.
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  // A file needs no call of its own: each start of an agent does this.
  return entries.flatMap((entry) =>
    entry.isFile() ? [join(path, entry.name)] : filesBelow(root, join(path, entry.name)),
  );
}

/**
 * @param {string} stampPath
 * @param {string} digest of the inputs as they are now
 * @param {readonly string[]} outputs paths that must exist
 * @returns {boolean} whether the outputs were made from just these inputs
 */
export function isUpToDate(stampPath, digest, outputs) {
  return [stampPath, ...outputs].every((path) => existsSync(path)) && readFileSync(stampPath, 'utf8').trim() === digest;
}

/**
 * Records that the outputs are made; to be called when they are, so that an interrupted build leaves no stamp.
 * @param {string} stampPath
 * @param {string} digest
 */
export function writeStamp(stampPath, digest) {
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(`${stampPath}.new`, `${digest}\n`);
  renameSync(`${stampPath}.new`, stampPath);
}
