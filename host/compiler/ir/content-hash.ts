// Hashes of texts: keys of modules, and names of functions.

import { createHash } from 'node:crypto';

/** Hash of parts. Where one part ends makes a difference. */
export function contentHash(parts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
