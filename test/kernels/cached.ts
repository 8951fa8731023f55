// Folders that are made once and kept outside the checkout, each under a hash of what it was made from.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from '../../host/setup/lock.mjs';
import { TEST_CACHE } from '../support/test-cache.ts';

/** A hash of texts, short enough for names of files. */
export function digestOf(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}

/**
 * The folder with that name and made from those texts; `make` fills it when it is not there. An unfinished one is never used: it
 * gets its name at the end.
 */
export async function cachedFolder(
  name: string,
  madeFrom: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(TEST_CACHE, 'kernels', `${name}-${digestOf(madeFrom)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(TEST_CACHE, 'kernels'), { recursive: true });
  const { release } = takeLock(`${folder}.lock`, () => {});
  try {
    if (existsSync(folder)) return folder;
    process.stderr.write(`kernels: making ${name}\n`);
    const unfinished = `${folder}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished);
    await make(unfinished);
    renameSync(unfinished, folder);
  } finally {
    release();
  }
  return folder;
}
